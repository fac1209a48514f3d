//! Start with many users, and from commit to effect: milliseconds.
//!
//! `start [users]`

use std::error::Error;

use benches::{
    seed,
    server::{Server, say},
};

fn main() -> Result<(), Box<dyn Error>> {
    let count: u32 = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(10_000);
    let folder = std::env::temp_dir().join(format!("dialtone-bench-{}", std::process::id()));
    seed::users(&folder, 20_000, count)?;
    let mut best = std::time::Duration::MAX;
    for _ in 0..5 {
        let server = Server::start(&folder, &[])?;
        best = best.min(server.started_in);
        let usage = server.usage()?;
        say(format_args!(
            "start     {count} users: listening after {:.0} ms, {:.0} ms CPU, {} MiB resident",
            server.started_in.as_secs_f64() * 1e3,
            usage.cpu.as_secs_f64() * 1e3,
            usage.resident >> 20,
        ));
    }
    say(format_args!("start     best of five: {:.0} ms", best.as_secs_f64() * 1e3));
    Ok(std::fs::remove_dir_all(&folder)?)
}
