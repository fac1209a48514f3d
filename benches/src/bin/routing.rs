//! A decision on the way outside: µs CPU for each, over 10,000 extensions, 1,000 numbers and 200 routes. SIP-40.
//!
//! `routing [decisions]`. The caller dials numbers that the first, a middle and the last route take, and one that none does.

use std::{error::Error, sync::Arc};

use benches::server::say;
use config::{
    NumberId, OutboundRouteId, Snapshot, TenantId, TrunkId, UserId,
    numbering::Class,
    snapshot::{OutboundRoute, PhoneNumber, Sends},
};
use pbx_core::route::{Caller, Question, route};
use tests::Company;

fn main() -> Result<(), Box<dyn Error>> {
    let decisions: u32 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let snapshot = snapshot();
    let caller = Caller { user: Some(UserId(1)), number: "101".into(), ..Caller::default() };
    let dialled = ["0011234567", "0991234567", "+43123456", "7654321", "0891234567", "101"];
    let ask = |dialled: &str| {
        let question = Question {
            snapshot: &snapshot,
            tenant: TenantId(1),
            caller: &caller,
            dialled,
            utc: Default::default(),
        };
        route(&question).to.is_ok()
    };
    for dialled in dialled {
        let before = cpu()?;
        let found = (0..decisions).filter(|_| ask(std::hint::black_box(dialled))).count();
        let each = (cpu()? - before) / f64::from(decisions);
        say(format_args!(
            "routing   {each:.2} µs CPU for {dialled} ({})",
            if found > 0 { "found" } else { "refused" }
        ));
    }
    Ok(())
}

fn snapshot() -> Arc<Snapshot> {
    let mut company = Company::new(1, "bench.example");
    company.tenant.calling.area_code = "30".into();
    company.add_user("101");
    company.user("101").calling.most = Some(Class::Premium);
    for n in 1..EXTENSIONS {
        company.add_user(&format!("{}", 20_000 + n));
    }
    company.add_trunk("Main line", "192.0.2.1");
    company.routes = (1..=ROUTES).map(outbound).collect();
    company.numbers = (1..=NUMBERS).map(number).collect();
    company.snapshot()
}

fn outbound(n: i64) -> OutboundRoute {
    let patterns = [format!("0{:02}XXXXXXX", n % 100), format!("+9{n:03}."), format!("*{n:03}!")];
    OutboundRoute {
        id: OutboundRouteId(n),
        tenant: TenantId(1),
        position: n as u32,
        name: format!("Route {n}"),
        patterns: if n == ROUTES {
            vec![]
        } else {
            patterns.iter().map(|p| p.parse().expect("a pattern")).collect()
        },
        classes: vec![],
        roles: vec![],
        trunks: vec![TrunkId(1)],
        sends: Sends::default(),
        enabled: true,
        time_frame: None,
    }
}

fn number(n: i64) -> PhoneNumber {
    PhoneNumber {
        id: NumberId(n),
        tenant: TenantId(1),
        number: format!("+4930{n:07}"),
        description: String::new(),
        site: None,
        user: None,
        ring_group: None,
    }
}

/// CPU time of this thread, as the kernel's scheduler counts it. [µs]
fn cpu() -> Result<f64, Box<dyn Error>> {
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = counted.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e3)
}

const EXTENSIONS: i64 = 10_000;
const NUMBERS: i64 = 1000;
const ROUTES: i64 = 200;
