//! A path to a peer failed: its transactions end, or turn to the other transport (RFC 3261 §17.1.4, §18.1.1).

use std::time::Instant;

use bytes::Bytes;

use super::{
    layer::{ClientId, ClientMachine, Key, Layer, ServerId, ServerMachine},
    send::start,
};
use crate::{Flow, Transport, event::InviteId};

impl Layer {
    /// A connection broke or a datagram was refused.
    pub(crate) fn flow_failed(&mut self, now: Instant, flow: Flow) {
        let mark = self.marker.mark_flow(flow);
        let first = (mark, Key::Client(ClientId(0)));
        let last = (mark, Key::Invite(InviteId(u64::MAX)));
        let concerned: Vec<Key> = self.by_flow.range(first..=last).map(|(_, key)| *key).collect();
        for key in concerned {
            match key {
                Key::Client(id) => self.fail_client(now, id, flow),
                Key::Server(id) => self.fail_server(id, flow),
                Key::Invite(_) => {}
            }
        }
    }
    fn fail_server(&mut self, id: ServerId, flow: Flow) {
        let Some(server) = self.servers.get_mut(&id).filter(|server| server.flow == flow) else { return };
        let actions = match &mut server.machine {
            ServerMachine::Invite(machine) => machine.fail(),
            ServerMachine::Plain(machine) => machine.fail(),
        };
        self.act_server(id, &actions, Bytes::new());
    }
    /// The flow of a client failed: the other transport, if TCP was chosen for the size only.
    fn fail_client(&mut self, now: Instant, id: ClientId, flow: Flow) {
        let Some(client) = self.clients.get_mut(&id).filter(|client| client.flow == flow) else { return };
        if std::mem::take(&mut client.may_fall_back) {
            let fallback = Flow { transport: Transport::Udp, ..client.flow };
            client.flow = fallback;
            let failed = std::mem::replace(&mut client.flow_mark, self.marker.mark_flow(fallback));
            client.bytes = with_udp_via(&client.bytes);
            client.machine = start(now, client.method, false);
            let (bytes, invite) = (client.bytes.clone(), client.owner.invite());
            self.by_flow.remove(&(failed, Key::Client(id)));
            self.by_flow.insert((client.flow_mark, Key::Client(id)));
            self.transmit(fallback, bytes, invite, true);
            self.settle_client(id);
            return;
        }
        let actions = match &mut client.machine {
            ClientMachine::Invite(machine) => machine.fail(),
            ClientMachine::Plain(machine) => machine.fail(),
        };
        self.act_client(id, &actions, None);
    }
}

fn with_udp_via(bytes: &Bytes) -> Bytes {
    let mut copy = bytes.to_vec();
    // Our own request: its first header is our Via.
    if let Some(at) = memchr::memmem::find(&copy, b"\r\nVia: SIP/2.0/TCP ") {
        let at = at + b"\r\nVia: SIP/2.0/".len();
        copy[at..at + 3].copy_from_slice(b"UDP");
    }
    Bytes::from(copy)
}
