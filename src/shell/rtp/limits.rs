//! The system's limit of open sockets.
#![allow(unsafe_code)]

/// Has the system give as many descriptors as it ever gives this user, and says how many those are: each call needs
/// four. Refusal leaves the limit as it was; running out is told per call then.
pub fn raise_descriptors() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid rlimit to be filled.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } == 0 {
        let soft = std::mem::replace(&mut limit.rlim_cur, limit.rlim_max);
        // SAFETY: `limit` is a valid rlimit, not above the hard limit.
        if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) } != 0 {
            limit.rlim_cur = soft;
        }
    }
    usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_the_hard_limit_afterwards() {
        let given = raise_descriptors();
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 1 };
        // SAFETY: `limit` is a valid rlimit to be filled.
        assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) }, 0);
        assert_eq!(limit.rlim_cur, limit.rlim_max);
        assert_eq!(given as u64, limit.rlim_cur);
    }
}
