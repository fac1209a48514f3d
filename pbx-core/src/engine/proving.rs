//! Whom a trunk's server must prove to be, told before anything is said to it over TLS. SIP-38.

use std::{collections::BTreeMap, net::SocketAddr};

use config::snapshot::{Trunk, Trust};
use sip_stack::Transport;

use super::Engine;
use crate::io::{Demand, Output, Proof};

impl Engine {
    /// Says of each address that a trunk leads to over TLS what is demanded there; what was said already is not repeated.
    pub(super) fn demand_proof(&mut self) {
        let mut wanted: BTreeMap<SocketAddr, Vec<Demand>> = BTreeMap::new();
        let mut trunks = self.office.trunks.borrow_mut();
        for line in trunks.lines.values().filter(|line| line.trunk.enabled) {
            for hop in line.hops.iter().filter(|hop| hop.transport == Transport::Tls) {
                let (demands, demand) = (wanted.entry(hop.remote).or_default(), demand(&line.trunk));
                if !demands.contains(&demand) {
                    demands.push(demand);
                }
            }
        }
        let before = std::mem::replace(&mut trunks.demanded, wanted.clone());
        let gone = before.keys().filter(|remote| !wanted.contains_key(remote)).map(|gone| (*gone, vec![]));
        for (remote, demands) in gone.chain(wanted.clone()) {
            if before.get(&remote) != Some(&demands) {
                self.out.push_back(Output::Demand { remote, demands });
            }
        }
    }
}

fn demand(trunk: &Trunk) -> Demand {
    let (name, _) = trunk.hop();
    let proof = match &trunk.peer.trust {
        Trust::Authority => Proof::Roots,
        Trust::Certificate(pem) => Proof::Certificate(pem.clone()),
        Trust::Any => Proof::Nothing,
    };
    Demand { name: name.to_owned(), proof }
}
