//! Logs: to standard error, filtered by `--log`.

use tracing_subscriber::EnvFilter;

/// Starts logging. `Err` says what is wrong with the filter.
pub fn start(filter: &str) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|e| format!("--log {filter}: {e}. Try info or debug"))?;
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    // A second start within one process (tests) keeps the first's.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(ansi)
        .try_init();
    Ok(())
}
