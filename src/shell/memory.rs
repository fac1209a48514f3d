//! How the program's memory is given to it.
//!
//! With huge pages a few bytes that live keep 2 MiB resident: after a burst of calls memory would not come back, and
//! would seem to grow for as long as the rest of those pages is touched.
#![allow(unsafe_code)]

use std::io;

/// Has all further memory of this process come in small pages.
///
/// # Errors
/// Where the kernel does not know of it; nothing is lost then but some memory.
pub fn refuse_huge_pages() -> io::Result<()> {
    let (disable, unused) = (1 as libc::c_ulong, 0 as libc::c_ulong);
    // SAFETY: PR_SET_THP_DISABLE takes numbers only; the last three must be zero (prctl(2)).
    let done = unsafe { libc::prctl(libc::PR_SET_THP_DISABLE, disable, unused, unused, unused) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_huge_page_is_given_any_more() {
        refuse_huge_pages().unwrap();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let said = status.lines().find_map(|line| line.strip_prefix("THP_enabled:"));
        // Kernels before 5.0 do not say.
        assert_eq!(said.map_or("0", str::trim), "0");
    }
}
