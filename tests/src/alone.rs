//! A test in a network and a tree of mounts of its own: addresses that this machine does not have, disks that are small.
//!
//! The test's binary is started once more, for this one test, within namespaces made by `unshare` (util-linux), which needs
//! no root where the kernel lets users have namespaces.

use std::process::Command;

/// Runs `body` in a process of its own, after `prepare`, a shell script that is root there. `test` is the full name of
/// the calling test. The script's `$DISK` is an empty folder.
///
/// # Panics
/// When the script or the body failed, with what they said.
pub fn alone(test: &str, prepare: &str, body: impl FnOnce()) {
    if std::env::var(INSIDE).is_ok_and(|inside| inside == test) {
        return body();
    }
    let disk = tempfile::tempdir().unwrap();
    let script = format!(
        "set -e; ip link set lo up; {prepare}\nexec \"$0\" --exact \"$1\" --nocapture --test-threads 1"
    );
    let own = std::env::current_exe().unwrap();
    let out = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "--mount", "sh", "-c", &script])
        .args([own.as_os_str(), test.as_ref()])
        .env(INSIDE, test)
        .env("DISK", disk.path())
        .env("TMPDIR", disk.path())
        .output()
        .unwrap_or_else(|e| panic!("unshare (package util-linux) cannot be started: {e}"));
    let said = String::from_utf8_lossy(&out.stdout) + String::from_utf8_lossy(&out.stderr);
    // The harness inside succeeds also when a wrong name finds no test.
    assert!(out.status.success() && said.contains("1 passed"), "{test}, in namespaces of its own:\n{said}");
}

const INSIDE: &str = "DIALTONE_TEST_ALONE";
