//! A scripted SIP phone over real sockets: registers, calls, answers, holds, and says what it likes when asked to.

pub mod call;
pub mod digest;
pub mod link;
pub mod phone;
pub mod rtp;
pub mod sdp;
pub mod srtp;
pub mod text;
pub mod tls;

pub use call::{Dialling, Incoming, Talking};
pub use digest::Algorithm;
pub use link::Link;
pub use phone::{Account, Phone};
pub use rtp::Rtp;
pub use srtp::Srtp;
pub use text::Text;

use std::sync::atomic::{AtomicU64, Ordering};

/// Something unique in this process and unlikely elsewhere: tags, branches, Call-IDs.
pub fn unique(prefix: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!(
        "{prefix}{:x}{:x}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed) * 2_654_435_761 % 0xffff_ffff
    )
}
