//! The text of `/metrics` in Prometheus' format. OPS-10.

use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use super::workers::Figures;

/// One of the engine's counters or gauges: name with labels, value, help.
pub type Metric = (&'static str, f64, &'static str);

/// What the shell itself counts.
#[derive(Debug, Clone, Default)]
pub struct ShellFigures {
    /// Each media thread's.
    pub workers: Vec<Arc<Figures>>,
    /// Changes of records that were lost.
    pub records_lost: Arc<AtomicU64>,
    /// Revisions that the feed refused.
    pub revisions_refused: Arc<AtomicU64>,
}

/// Everything as text.
pub fn text(engine: &[Metric], connections: usize, revision: i64, shell: &ShellFigures) -> String {
    let mut page = Page::default();
    for (name, value, help) in engine {
        page.line(name, *value, help);
    }
    page.line("dialtone_sip_tcp_connections", connections as f64, "TCP connections open");
    page.line("dialtone_config_revision", revision as f64, "Configuration revision that new calls run under");
    let refused = shell.revisions_refused.load(Relaxed) as f64;
    page.line(
        "dialtone_config_refused_total",
        refused,
        "Revisions refused because their content was invalid",
    );
    let lost = shell.records_lost.load(Relaxed) as f64;
    page.line("dialtone_records_lost_total", lost, "Changes of records that could not be kept for the disk");
    page.line("dialtone_process_resident_bytes", resident_bytes(), "Memory in use");
    for (name, help, figure) in PER_WORKER {
        for (number, worker) in shell.workers.iter().enumerate() {
            page.line(&format!("{name}{{worker=\"{number}\"}}"), figure(worker).load(Relaxed) as f64, help);
        }
    }
    page.text
}

#[derive(Default)]
struct Page {
    text: String,
    last: String,
}

impl Page {
    fn line(&mut self, name: &str, value: f64, help: &str) {
        let base = name.split('{').next().unwrap_or(name);
        if self.last != base {
            base.clone_into(&mut self.last);
            let kind = if base.ends_with("_total") { "counter" } else { "gauge" };
            let _ = writeln!(self.text, "# HELP {base} {help}\n# TYPE {base} {kind}");
        }
        let _ = writeln!(self.text, "{name} {value}");
    }
}

fn resident_bytes() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = statm.split(' ').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0.0);
    pages * PAGE
}

type PerWorker = (&'static str, &'static str, fn(&Figures) -> &AtomicU64);
const PER_WORKER: [PerWorker; 6] = [
    ("dialtone_media_sessions", "Media sessions open", |f| &f.sessions),
    ("dialtone_media_packets_received_total", "RTP and RTCP packets received", |f| &f.received),
    ("dialtone_media_packets_sent_total", "RTP and RTCP packets sent", |f| &f.sent),
    ("dialtone_media_packets_dropped_total", "Packets the network did not take, or too long", |f| &f.dropped),
    ("dialtone_media_turns_total", "Times the media thread woke up", |f| &f.turns),
    ("dialtone_media_events_dropped_total", "Media events dropped because the engine was behind", |f| {
        &f.events_dropped
    }),
];
/// Linux on the machines we run on. [bytes]
const PAGE: f64 = 4096.0;

#[cfg(test)]
mod tests {
    use super::*;

    /// OPS-10
    #[test]
    fn a_metric_with_labels_has_one_help_and_the_right_type() {
        let engine = [
            ("sip_requests_total{method=\"INVITE\"}", 3.0, "Requests"),
            ("sip_requests_total{method=\"BYE\"}", 2.0, "Requests"),
            ("calls", 1.0, "Calls"),
        ];
        let figures = Arc::new(Figures::default());
        figures.received.store(7, Relaxed);
        let shell = ShellFigures { workers: vec![figures.clone(), figures], ..ShellFigures::default() };
        let text = text(&engine, 4, 12, &shell);
        assert_eq!(text.matches("# HELP sip_requests_total Requests\n").count(), 1);
        assert!(
            text.contains("# TYPE sip_requests_total counter\nsip_requests_total{method=\"INVITE\"} 3\n")
        );
        assert!(text.contains("# TYPE calls gauge\ncalls 1\n"));
        assert!(text.contains("dialtone_config_revision 12\n"));
        assert!(text.contains("dialtone_media_packets_received_total{worker=\"1\"} 7\n"));
    }
}
