//! Authenticated two-leg calls at a fixed rate: µs CPU per call, bytes per call.
//!
//! `setup [calls per second] [seconds] [hold in ms]`. Each call is challenged, rings, is answered, held and hung up by
//! the caller: 17 messages, four media sockets opened and closed, one record written. No RTP flows. The phones send again
//! what is not answered.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use benches::{
    load::{FIRST, Load, Plan},
    seed,
    server::{Server, say},
};

fn main() -> Result<(), Box<dyn Error>> {
    let argument = |n, default| std::env::args().nth(n).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (rate, seconds, hold): (u32, u32, u32) = (argument(1, 1_000), argument(2, 10), argument(3, 500));
    let folder = std::env::temp_dir().join(format!("dialtone-bench-{}", std::process::id()));
    let domain = seed::users(&folder, FIRST, 2 * PAIRS)?;
    let server = Server::start(&folder, &[])?;
    let mut load = Load::new(&server, &domain, Plan { callers: PAIRS, groups: None })?;
    load.register()?;

    load.run(200, 400, Duration::from_millis(300))?; // warm up
    let (before, began) = (server.usage()?, Instant::now());
    let done = load.run(rate, rate * seconds, Duration::from_millis(hold.into()))?;
    // A call that does not complete is waited for; the rate is that of the others.
    let (cpu, wall) = (server.usage()?.cpu - before.cpu, load.last_done.duration_since(began));
    let per_call = cpu.as_secs_f64() * 1e6 / f64::from(done.max(1));
    say(format_args!(
        "setup     {per_call:.0} µs CPU per call at {:.0}/s ({:.0} calls/s on one core), {done} of {} completed, refused by status: {:?}, \
         ended by the server: {}, messages sent again by the phones: {}",
        f64::from(done) / wall.as_secs_f64(),
        1e6 / per_call,
        rate * seconds,
        load.refused,
        load.ended,
        load.resends.repeated,
    ));

    let quiet = server.usage()?;
    let up = load.bring_up(1_000)?;
    let memory = server.usage()?.resident.saturating_sub(quiet.resident) / u64::from(up.max(1));
    say(format_args!("setup     {memory} bytes per call with {up} calls up (resident memory)"));
    let up = load.bring_up(3_000)?;
    let memory = server.usage()?.resident.saturating_sub(quiet.resident) / u64::from(up.max(1));
    say(format_args!("setup     {memory} bytes per call with {up} calls up (resident memory)"));
    drop(server);
    Ok(std::fs::remove_dir_all(&folder)?)
}

/// Caller and callee pairs, so that no user reaches the busy trigger.
const PAIRS: u32 = 2_000;
