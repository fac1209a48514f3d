//! Logs: to standard error, filtered by `--log`.
//!
//! Lines are gathered and written by a thread of their own, so that a call does not wait for the terminal or the disk.
//! Warnings and errors are written at once, with all that was said before them.

use std::{
    io::Write,
    sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    thread::sleep,
    time::Duration,
};

use tracing::{Level, Metadata};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// Starts logging. `Err` says what is wrong with the filter.
pub fn start(filter: &str) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|e| format!("--log {filter}: {e}. Try info or debug"))?;
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let lines = LINES.get_or_init(|| Lines::new(Box::new(std::io::stderr())));
    // A second start within one process (tests) keeps the first's.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(lines).with_ansi(ansi).try_init();
    let writer = std::thread::Builder::new().name("log".into()).spawn(|| lines.write_on());
    if writer.is_err() {
        lines.waiting().at_once = true;
    }
    Ok(())
}

/// Writes what still waits, at the end of the program.
pub fn finish() {
    if let Some(lines) = LINES.get() {
        lines.pour();
    }
}

/// Lines on their way to `out`.
struct Lines {
    waiting: Mutex<Waiting>,
    some: Condvar,
    /// Taken before `waiting`, so that lines stay in order.
    out: Mutex<Box<dyn Write + Send>>,
}

#[derive(Default)]
struct Waiting {
    text: Vec<u8>,
    /// Lines for which there was no room.
    lost: usize,
    /// There is no thread to write later.
    at_once: bool,
}

/// The writer of one line.
struct Line<'a> {
    lines: &'a Lines,
    urgent: bool,
}

impl Lines {
    fn new(out: Box<dyn Write + Send>) -> Self {
        Self { waiting: Mutex::default(), some: Condvar::new(), out: Mutex::new(out) }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes lines as they come, for ever.
    fn write_on(&self) {
        loop {
            let waiting = self.waiting();
            let some = self.some.wait_while(waiting, |waiting| waiting.text.is_empty());
            drop(some.unwrap_or_else(PoisonError::into_inner));
            sleep(GATHER);
            self.pour();
        }
    }

    /// Writes all that waits. Whoever reads may be gone; the program goes on.
    fn pour(&self) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = std::mem::take(&mut *self.waiting());
        self.waiting().at_once = waiting.at_once;
        let _ = out.write_all(&waiting.text);
        if waiting.lost > 0 {
            let _ = writeln!(out, "{} lines of the log are missing: they came too fast", waiting.lost);
        }
        let _ = out.flush();
    }
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let mut waiting = self.lines.waiting();
        let was_empty = waiting.text.is_empty();
        if waiting.text.len() + line.len() > MOST {
            waiting.lost += 1;
        } else {
            waiting.text.extend_from_slice(line);
        }
        let at_once = waiting.at_once || self.urgent;
        drop(waiting);
        match at_once {
            true => self.lines.pour(),
            false if was_empty => self.lines.some.notify_one(),
            false => {}
        }
        Ok(line.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for &'static Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { lines: self, urgent: false }
    }
    fn make_writer_for(&'a self, of: &Metadata<'_>) -> Line<'a> {
        Line { lines: self, urgent: *of.level() <= Level::WARN }
    }
}

static LINES: OnceLock<Lines> = OnceLock::new();
/// How long a line may wait for others.
const GATHER: Duration = Duration::from_millis(20);
/// Text that may wait. [bytes]
const MOST: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn text(page: &Page) -> String {
        String::from_utf8(page.0.lock().unwrap().clone()).unwrap()
    }

    fn say(lines: &Lines, urgent: bool, line: &str) {
        Line { lines, urgent }.write_all(line.as_bytes()).unwrap();
    }

    #[test]
    fn a_warning_is_written_at_once_after_what_was_said_before() {
        let page = Page::default();
        let lines = Lines::new(Box::new(page.clone()));
        say(&lines, false, "one\n");
        assert_eq!(text(&page), "");
        say(&lines, true, "two\n");
        assert_eq!(text(&page), "one\ntwo\n");
        say(&lines, false, "three\n");
        lines.pour();
        assert_eq!(text(&page), "one\ntwo\nthree\n");
    }

    #[test]
    fn what_does_not_fit_is_counted_and_said() {
        let page = Page::default();
        let lines = Lines::new(Box::new(page.clone()));
        let long = "x".repeat(MOST);
        say(&lines, false, &long);
        say(&lines, false, "a\n");
        say(&lines, false, "b\n");
        lines.pour();
        assert!(text(&page)[MOST..].starts_with("2 lines of the log are missing"));
    }
}
