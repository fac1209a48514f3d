//! Registered contacts by device, small in memory, in order of expiry. SIP-05, SIP-06, SIP-07.

use std::{
    collections::{BTreeSet, HashSet},
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use config::{DeviceId, QuickMap, TenantId, records::BindingRow};
use media::text;
use sip_stack::{Flow, Transport, uri::Uri};

use crate::{io::Now, limits};

/// One contact of a device: where it is reached and until when.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    /// Instance and reg-id (RFC 5626 §4.2); `None` where the contact URI itself is the identity.
    instance: Option<Box<str>>,
    /// Contact URI as the phone wrote it.
    pub contact: Box<str>,
    /// `Path` values, joined by `,` (RFC 3327).
    pub path: Option<Box<str>>,
    /// The flow it registered over; calls go there.
    pub flow: Flow,
    /// Shared between phones of one kind.
    pub user_agent: Arc<str>,
    /// Of the REGISTER that bound it last.
    pub call_id: Box<str>,
    /// Of the REGISTER that bound it last.
    pub cseq: u32,
    /// Rank in order of first registration, unique within the node.
    pub position: u32,
    /// First registered. [Unix ms]
    pub registered_at: i64,
    /// [Unix ms]
    pub expires_at: i64,
    expires: Instant,
}

/// What a REGISTER says about one contact.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    pub key: String,
    pub uri: String,
    pub path: String,
    pub flow: Flow,
    pub user_agent: String,
    pub call_id: String,
    pub cseq: u32,
    pub expires: Duration,
}

/// All contacts of a device.
#[derive(Debug)]
struct Entry {
    tenant: TenantId,
    contacts: Vec<Binding>,
}

/// All registered contacts of the node.
#[derive(Debug, Default)]
pub(crate) struct Bindings {
    devices: QuickMap<DeviceId, Entry>,
    expiry: BTreeSet<(Instant, DeviceId, u32)>,
    agents: HashSet<Arc<str>>,
    next_position: u32,
}

impl Binding {
    /// Identity of the contact within the device.
    pub(crate) fn key(&self) -> &str {
        self.instance.as_deref().unwrap_or(&self.contact)
    }
    /// Time left, whole seconds rounded up.
    pub(crate) fn expires_in(&self, now: Instant) -> u64 {
        self.expires.saturating_duration_since(now).as_millis().div_ceil(1000) as u64
    }
    /// Whether datagrams reach it through an address translator. Beyond a proxy that is the proxy's business.
    pub(crate) fn is_behind_nat(&self) -> bool {
        let ip = Uri::parse(self.contact.as_bytes()).and_then(|uri| uri.ip());
        self.path.is_none() && is_behind_nat(&self.flow, ip)
    }
    /// The row that is stored.
    pub(crate) fn row(&self, tenant: TenantId, device: DeviceId) -> BindingRow {
        BindingRow {
            tenant,
            device,
            key: self.key().into(),
            contact: self.contact.to_string(),
            path: self.path.as_deref().unwrap_or_default().into(),
            flow: print_flow(&self.flow),
            user_agent: self.user_agent.to_string(),
            call_id: self.call_id.to_string(),
            cseq: self.cseq,
            position: i64::from(self.position),
            registered_at: self.registered_at,
            expires_at: self.expires_at,
        }
    }
}

impl Bindings {
    /// The device's contacts in order of first registration.
    pub(crate) fn of(&self, device: DeviceId) -> &[Binding] {
        self.devices.get(&device).map_or(&[], |entry| &entry.contacts)
    }
    /// How many contacts there are.
    pub(crate) fn len(&self) -> usize {
        self.expiry.len()
    }
    /// The next expiry.
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.expiry.first().map(|&(at, ..)| at)
    }
    /// A contact whose time is over: tenant, device and key.
    pub(crate) fn expired(&self, now: Instant) -> Option<(DeviceId, String)> {
        let &(at, device, position) = self.expiry.first()?;
        if at > now {
            return None;
        }
        let found = self.of(device).iter().find(|b| b.position == position)?;
        Some((device, found.key().to_owned()))
    }
    /// The contact of a device at that place.
    pub(crate) fn find(&self, (device, position): (DeviceId, u32)) -> Option<(TenantId, &Binding)> {
        let entry = self.devices.get(&device)?;
        Some((entry.tenant, entry.contacts.iter().find(|b| b.position == position)?))
    }
    /// Every device that has contacts, with its tenant.
    pub(crate) fn devices(&self) -> impl Iterator<Item = (TenantId, DeviceId)> {
        self.devices.iter().map(|(&device, entry)| (entry.tenant, device))
    }

    /// Binds or refreshes a contact; a refreshed one keeps its place in the order.
    pub(crate) fn bind(
        &mut self,
        now: Now,
        tenant: TenantId,
        device: DeviceId,
        contact: Contact,
    ) -> &Binding {
        let before = self.unbind(device, &contact.key).map(|(_, old)| old);
        let position = before.as_ref().map_or(self.next_position, |old| old.position);
        let registered_at = before.map_or(now.utc.timestamp_millis(), |old| old.registered_at);
        let binding = Binding {
            instance: (contact.key != contact.uri).then(|| contact.key.into()),
            contact: contact.uri.into(),
            path: (!contact.path.is_empty()).then(|| contact.path.into()),
            flow: contact.flow,
            user_agent: self.share(contact.user_agent),
            call_id: contact.call_id.into(),
            cseq: contact.cseq,
            position,
            registered_at,
            expires_at: now.utc.timestamp_millis() + contact.expires.as_millis() as i64,
            expires: now.at + contact.expires,
        };
        self.insert(tenant, device, binding)
    }

    /// Takes a stored contact back in; `false` if its row is unusable or too old.
    pub(crate) fn restore(&mut self, now: Now, row: BindingRow) -> bool {
        let left = row.expires_at - now.utc.timestamp_millis();
        let (Some(flow), true) = (parse_flow(&row.flow), left > 0) else { return false };
        let binding = Binding {
            instance: (row.key != row.contact).then(|| row.key.into()),
            contact: row.contact.into(),
            path: (!row.path.is_empty()).then(|| row.path.into()),
            flow,
            user_agent: self.share(row.user_agent),
            call_id: row.call_id.into(),
            cseq: row.cseq,
            position: u32::try_from(row.position).unwrap_or(self.next_position),
            registered_at: row.registered_at,
            expires_at: row.expires_at,
            expires: now.at + Duration::from_millis(left.unsigned_abs()),
        };
        self.unbind(row.device, binding.key());
        self.insert(row.tenant, row.device, binding);
        true
    }

    /// Removes a contact.
    pub(crate) fn unbind(&mut self, device: DeviceId, key: &str) -> Option<(TenantId, Binding)> {
        let entry = self.devices.get_mut(&device)?;
        let index = entry.contacts.iter().position(|b| b.key() == key)?;
        let (tenant, binding) = (entry.tenant, entry.contacts.remove(index));
        if entry.contacts.is_empty() {
            self.devices.remove(&device);
        }
        self.expiry.remove(&(binding.expires, device, binding.position));
        Some((tenant, binding))
    }

    fn insert(&mut self, tenant: TenantId, device: DeviceId, binding: Binding) -> &Binding {
        self.next_position = self.next_position.max(binding.position.saturating_add(1));
        self.expiry.insert((binding.expires, device, binding.position));
        let entry =
            self.devices.entry(device).or_insert_with(|| Entry { tenant, contacts: Vec::with_capacity(1) });
        let index = entry.contacts.partition_point(|b| b.position < binding.position);
        entry.contacts.insert(index, binding);
        &entry.contacts[index]
    }

    fn share(&mut self, mut agent: String) -> Arc<str> {
        if agent.len() > limits::USER_AGENT_BYTES {
            agent.truncate(agent.floor_char_boundary(limits::USER_AGENT_BYTES));
        }
        if let Some(known) = self.agents.get(agent.as_str()) {
            return known.clone();
        }
        let agent: Arc<str> = agent.into();
        if self.agents.len() < limits::USER_AGENTS {
            self.agents.insert(agent.clone());
        }
        agent
    }
}

/// Whether a phone that believes to be at `ip` sends its datagrams from another address.
pub(crate) fn is_behind_nat(flow: &Flow, ip: Option<IpAddr>) -> bool {
    let source = flow.remote.ip().to_canonical();
    !flow.transport.is_reliable() && ip.is_some_and(|ip| ip.to_canonical() != source)
}

/// `udp 192.0.2.1:5060 198.51.100.7:5062`: transport, our listener, the peer.
pub(crate) fn print_flow(flow: &Flow) -> String {
    let mut text = String::with_capacity(FLOW);
    text.push_str(flow.transport.name());
    for address in [flow.local, flow.remote] {
        text.push(' ');
        text::push_address(&mut text, address);
    }
    text
}

/// `udp 198.51.100.7:5062`: how people see a peer's address.
pub(crate) fn print_peer(flow: &Flow) -> String {
    let mut text = String::with_capacity(FLOW / 2);
    push_peer(&mut text, flow);
    text
}

/// The same, into a longer text.
pub(crate) fn push_peer(out: &mut String, flow: &Flow) {
    out.push_str(flow.transport.name());
    out.push(' ');
    text::push_address(out, flow.remote);
}

/// The opposite of [`print_flow`].
pub(crate) fn parse_flow(text: &str) -> Option<Flow> {
    let mut parts = text.split(' ');
    let transport = Transport::by_name(parts.next()?)?;
    Some(Flow { transport, local: parts.next()?.parse().ok()?, remote: parts.next()?.parse().ok()? })
}

/// A flow as text, of two IPv4 addresses. [bytes]
const FLOW: usize = 48;
