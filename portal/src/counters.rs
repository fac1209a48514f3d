//! The portal's own figures for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts since start.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    classes: [AtomicU64; 5],
    pub sign_ins: AtomicU64,
    pub sign_in_failures: AtomicU64,
    pub throttled: AtomicU64,
    pub refused_cross_site: AtomicU64,
    pub panics: AtomicU64,
}

impl Counters {
    /// Counts an answered request by the class of its status.
    pub fn answered(&self, status: u16) {
        if let Some(class) = self.classes.get(usize::from(status / 100).wrapping_sub(1)) {
            class.fetch_add(1, Relaxed);
        }
    }

    /// Prometheus text; `streams` is how many live streams are open.
    pub fn text(&self, streams: usize) -> String {
        let mut out = String::from(
            "# HELP portal_requests_total HTTP requests answered, by class of status.\n# TYPE portal_requests_total counter\n",
        );
        for (at, class) in self.classes.iter().enumerate() {
            out += &format!("portal_requests_total{{class=\"{}xx\"}} {}\n", at + 1, class.load(Relaxed));
        }
        for (name, help, value) in [
            ("portal_sign_ins_total", "Successful sign-ins.", &self.sign_ins),
            (
                "portal_sign_in_failures_total",
                "Sign-ins refused for wrong credentials.",
                &self.sign_in_failures,
            ),
            (
                "portal_sign_ins_throttled_total",
                "Sign-ins refused without a look at the password.",
                &self.throttled,
            ),
            (
                "portal_cross_site_refused_total",
                "Changing requests refused because they came from elsewhere.",
                &self.refused_cross_site,
            ),
            ("portal_panics_total", "Requests that ended in a fault of the program.", &self.panics),
        ] {
            out += &format!("# HELP {name} {help}\n# TYPE {name} counter\n{name} {}\n", value.load(Relaxed));
        }
        out += &format!(
            "# HELP portal_streams Open live streams.\n# TYPE portal_streams gauge\nportal_streams {streams}\n"
        );
        out
    }
}
