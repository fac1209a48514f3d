//! Who may send on a media line (RFC 8866 §6.7, RFC 3264 §5.1, §6.1, §8.4).

/// `a=sendrecv` and its kin, from the point of view of whoever wrote it. `c=0.0.0.0` reads as `SendOnly`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// The writer sends and does not listen: the other side is on hold, perhaps with music.
    SendOnly,
    /// The writer listens only.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    /// From the two questions.
    pub fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }
    /// By the name of the attribute, in small letters.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "sendrecv" => Self::SendRecv,
            "sendonly" => Self::SendOnly,
            "recvonly" => Self::RecvOnly,
            "inactive" => Self::Inactive,
            _ => return None,
        })
    }
    /// The name of the attribute.
    pub fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }
    /// Its writer sends.
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }
    /// Its writer wants to receive.
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }
    /// The same from the other side: what an answer says that grants all that was asked (RFC 3264 §6.1).
    pub fn mirror(self) -> Self {
        Self::new(self.receives(), self.sends())
    }
    /// What is left when only what both allow is allowed; both seen from the same side.
    pub fn and(self, other: Self) -> Self {
        Self::new(self.sends() && other.sends(), self.receives() && other.receives())
    }
    /// Its writer puts the other side on hold: it does not want to hear it (RFC 3264 §8.4).
    pub fn is_hold(self) -> bool {
        !self.receives()
    }
}
