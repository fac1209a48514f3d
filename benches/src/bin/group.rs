//! Calls to ring groups whose members all ring: µs CPU per attempt. GRP-08.
//!
//! `group [members] [calls per second] [seconds]`. Each call is challenged, rings every member, is answered by one, stops
//! ringing at the others, is held for 200 ms and hung up. No RTP flows.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use benches::{
    load::{FIRST, FIRST_GROUP, Load, Plan},
    seed,
    server::{Server, say},
};

fn main() -> Result<(), Box<dyn Error>> {
    let argument = |n, default| std::env::args().nth(n).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (members, rate, seconds): (u32, u32, u32) = (argument(1, 20), argument(2, 50), argument(3, 10));
    let plan = Plan { callers: CALLERS, groups: Some((GROUPS, members)) };
    let folder = std::env::temp_dir().join(format!("dialtone-bench-{}", std::process::id()));
    let domain = seed::users(&folder, FIRST, plan.callers + plan.callees())?;
    for group in 0..GROUPS {
        seed::group(&folder, FIRST_GROUP + group, plan.members(group))?;
    }
    let server = Server::start(&folder, &[])?;
    let mut load = Load::new(&server, &domain, plan)?;
    load.register()?;

    let hold = Duration::from_millis(200);
    load.run(20, 40, hold)?; // warm up
    let (before, began) = (server.usage()?, Instant::now());
    let done = load.run(rate, rate * seconds, hold)?;
    let (cpu, wall) = (server.usage()?.cpu - before.cpu, load.last_done.duration_since(began));
    let per_call = cpu.as_secs_f64() * 1e6 / f64::from(done.max(1));
    say(format_args!(
        "group     {per_call:.0} µs CPU per attempt that rings {members} phones, at {:.0}/s; {done} of {} completed, \
         refused by status: {:?}, ended by the server: {}, messages sent again by the phones: {}",
        f64::from(done) / wall.as_secs_f64(),
        rate * seconds,
        load.refused,
        load.ended,
        load.resends.repeated,
    ));
    drop(server);
    Ok(std::fs::remove_dir_all(&folder)?)
}

/// So few calls at once per member that nobody reaches the busy trigger.
const GROUPS: u32 = 25;
const CALLERS: u32 = 200;
