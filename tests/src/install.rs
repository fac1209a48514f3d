//! `tests/install` on machines that are made up: a folder of commands is all that it can see.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

/// Every command that the tests need.
const ALL: [&str; 13] = [
    "sipp", "baresip", "chromium", "sqlite3", "cc", "node", "npm", "slapd", "curl", "ip", "unshare", "mount",
    "python3",
];

/// A machine with those commands, a user, and perhaps `sudo` and `apt-get`.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new(has: &[&str], user: u32) -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        has.iter().for_each(|command| machine.add(command, "exit 0"));
        machine.add("id", &format!("echo {user}"));
        machine.add("env", "shift; exec \"$@\"");
        machine
    }
    /// With `apt-get`, which notes what it is told, and brings the commands of `brings`.
    fn with_apt(self, brings: &[&str]) -> Self {
        let here = self.0.path().display();
        let copies: String = brings
            .iter()
            .map(|c| {
                format!("[ $1 = install ] && printf '#!/bin/sh\\n' >{here}/{c} && /bin/chmod +x {here}/{c}; ")
            })
            .collect();
        self.add("apt-get", &format!("echo \"$@\" >>{here}/told; {copies} exit 0"));
        self
    }
    fn with_sudo(self) -> Self {
        self.add("sudo", "[ \"$1\" = -n ] && exit 0; exec \"$@\"");
        self
    }
    fn add(&self, command: &str, script: &str) {
        let path = self.0.path().join(command);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fn install(&self) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("install");
        Command::new("/bin/bash").arg(script).env_clear().env("PATH", self.0.path()).output().unwrap()
    }
    /// What `apt-get` was told.
    fn told(&self) -> String {
        fs::read_to_string(self.0.path().join("told")).unwrap_or_default()
    }
}

fn without(absent: &[&str]) -> Vec<&'static str> {
    ALL.into_iter().filter(|c| !absent.contains(c)).collect()
}

#[test]
fn a_machine_that_has_everything_is_left_alone() {
    let machine = Machine::new(&ALL, 0).with_apt(&[]);
    assert!(machine.install().status.success());
    assert_eq!(machine.told(), "");
}

#[test]
fn root_installs_the_packages_of_what_is_missing_and_nothing_else() {
    let absent = ["sipp", "baresip", "chromium", "cc"];
    let machine = Machine::new(&without(&absent), 0).with_apt(&absent);
    let out = machine.install();
    assert!(out.status.success(), "{out:?}");
    assert_eq!(
        machine.told(),
        "update -q\ninstall -y -q --no-install-recommends sip-tester baresip-core chromium gcc libc6-dev\n"
    );
}

/// Debian's python3 comes without what makes virtual environments.
#[test]
fn a_python_without_environments_gets_them() {
    let machine = Machine::new(&ALL, 0).with_apt(&["python3"]);
    machine.add("python3", "exit 1");
    assert!(machine.install().status.success());
    assert!(machine.told().ends_with(" python3 python3-venv\n"), "{}", machine.told());
}

#[test]
fn another_user_installs_by_sudo_where_it_asks_no_password() {
    let machine = Machine::new(&without(&["npm"]), 1000).with_apt(&["npm"]).with_sudo();
    assert!(machine.install().status.success());
    assert!(machine.told().ends_with("install -y -q --no-install-recommends npm\n"), "{}", machine.told());
}

#[test]
fn who_may_not_install_is_told_what_to_type() {
    let machine = Machine::new(&without(&["sipp", "ip"]), 1000).with_apt(&["sipp", "ip"]);
    let out = machine.install();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success());
    assert!(
        said.contains("only root")
            && said.contains("apt-get install --no-install-recommends sip-tester iproute2"),
        "{said}"
    );
    assert_eq!(machine.told(), "");
}

#[test]
fn what_apt_did_not_bring_is_named() {
    let machine = Machine::new(&without(&["sipp", "node"]), 0).with_apt(&["node"]);
    let out = machine.install();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success() && said.contains("could not be installed: sip-tester"), "{said}");
    assert!(!said.contains("nodejs"), "{said}");
}

#[test]
fn a_machine_without_apt_is_told_the_packages() {
    let out = Machine::new(&without(&["sqlite3"]), 0).install();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success() && said.contains("sqlite3") && said.contains("no apt-get"), "{said}");
}
