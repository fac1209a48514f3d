//! The configuration of a simulated company, changed by hand instead of through a database.

use std::{collections::BTreeMap, iter, sync::Arc, time::Duration};

use config::{
    AnsweringRuleId, DepartmentId, DeviceId, ExtensionId, NumberId, ParkLotId, RingGroupId, RoleId, SiteId,
    Snapshot, TenantId, TimeFrameId, TrunkId, UserId,
    access::{Reach, Rights},
    codes,
    edits::Edit,
    schedule::{Schedule, Tz},
    snapshot::{
        Account, AnsweringRule, BlockedCaller, CallLimits, CalledIn, CallerHeader, Callers, Codecs,
        Department, Destination, Device, Encryption, Extension, FeatureCode, Forwards, Geolocation, Ha1,
        Identity, InboundRoute, Incoming, Night, NightSwitch, NodeSettings, NumberIn, NumberOut,
        OutboundRoute, Outgoing, ParkLot, Peer, PhoneNumber, Ring, RingDelay, RingGroup, Role, Rows,
        RuleAction, ShownAs, Site, Srtp, Target, Tenant, TimeFrame, Transport, Trunk, Trust, User,
    },
};

/// One tenant with its users, devices and groups.
#[derive(Debug, Clone)]
pub struct Company {
    /// The tenant.
    pub tenant: Tenant,
    /// Users by the order they were added.
    pub users: Vec<User>,
    /// Devices by the order they were added.
    pub devices: Vec<Device>,
    /// Ring groups.
    pub groups: Vec<RingGroup>,
    /// Roles by the order they were added.
    pub roles: Vec<Role>,
    /// Who is refused.
    pub blocked: Vec<BlockedCaller>,
    /// Departments.
    pub departments: Vec<Department>,
    /// Park lots.
    pub lots: Vec<ParkLot>,
    /// Where phones are.
    pub places: Vec<Geolocation>,
    /// Ways outside.
    pub routes: Vec<OutboundRoute>,
    /// What calls may cost.
    pub limits: CallLimits,
    /// Places with their clocks.
    pub sites: Vec<Site>,
    /// When rules and night are in force.
    pub frames: Vec<TimeFrame>,
    /// What happens to users' calls.
    pub rules: Vec<AnsweringRule>,
    /// Feature codes; the usual ones from the start.
    pub codes: Vec<FeatureCode>,
    /// PINs that users have set.
    pub pins: BTreeMap<UserId, String>,
    /// Members of groups whose phones ring later.
    pub ring_delays: Vec<RingDelay>,
    /// Lines to the public network.
    pub trunks: Vec<Trunk>,
    /// Numbers of the public network.
    pub numbers: Vec<PhoneNumber>,
    /// Where calls go for numbers that ring nobody.
    pub inbound: Vec<InboundRoute>,
    /// Settings of the whole system.
    pub node: NodeSettings,
    /// Further tenants of the same system.
    pub neighbours: Vec<Company>,
    revision: i64,
}

impl Default for Company {
    fn default() -> Self {
        Self::new(1, DOMAIN)
    }
}

impl Company {
    /// A tenant with that id and domain, without users.
    pub fn new(id: i64, domain: &str) -> Self {
        let tenant = Tenant {
            id: TenantId(id),
            name: format!("Example {id}"),
            domain: domain.into(),
            country: "de".into(),
            inband_ringback: false,
            site: None,
            calling: config::snapshot::TenantCalling::default(),
            night: Night::default(),
            suspended: false,
        };
        let node = NodeSettings::default();
        Self {
            tenant,
            users: vec![],
            devices: vec![],
            groups: vec![],
            roles: vec![],
            blocked: vec![],
            departments: vec![],
            lots: vec![],
            places: vec![],
            routes: vec![],
            limits: CallLimits::none(TenantId(id)),
            sites: vec![],
            frames: vec![],
            rules: vec![],
            codes: usual_codes(id),
            pins: BTreeMap::new(),
            ring_delays: vec![],
            trunks: vec![],
            numbers: vec![],
            inbound: vec![],
            node,
            neighbours: vec![],
            revision: 0,
        }
    }
    /// A user with that extension and one device of the same name.
    pub fn add_user(&mut self, number: &str) -> UserId {
        let id = UserId(self.id_after(self.users.len()));
        self.users.push(User {
            id,
            tenant: self.tenant.id,
            first_name: "User".into(),
            last_name: number.into(),
            suspended: false,
            number: Some(number.into()),
            role: None,
            site: None,
            zone: None,
            dnd: false,
            dnd_until: None,
            forwards: Forwards::default(),
            department: None,
            numbers: vec![],
            calling: config::snapshot::Calling::default(),
        });
        self.add_device(number, number);
        id
    }
    /// A further device of a user.
    pub fn add_device(&mut self, number: &str, username: &str) {
        let user = self.user(number).id;
        let ha1 = sip_stack::digest::Ha1::new(username, &self.tenant.domain, &password(username));
        self.devices.push(Device {
            id: DeviceId(self.id_after(self.devices.len())),
            tenant: self.tenant.id,
            user: Some(user),
            name: format!("Phone {username}"),
            username: username.into(),
            ha1: Ha1 { md5: ha1.md5, sha256: ha1.sha256 },
            ring: Ring::Immediate,
            max_contacts: 1,
            auto_answer: false,
            unasked_counts: false,
            geolocation: None,
            site: None,
            hotdesk: false,
            model: None,
            encryption: Encryption::default(),
        });
    }
    /// A phone of a site, which users log in to.
    pub fn add_hotdesk(&mut self, username: &str) {
        let ha1 = sip_stack::digest::Ha1::new(username, &self.tenant.domain, &password(username));
        self.devices.push(Device {
            id: DeviceId(self.id_after(self.devices.len())),
            tenant: self.tenant.id,
            user: None,
            name: format!("Desk {username}"),
            username: username.into(),
            ha1: Ha1 { md5: ha1.md5, sha256: ha1.sha256 },
            ring: Ring::Immediate,
            max_contacts: 1,
            auto_answer: false,
            unasked_counts: false,
            hotdesk: true,
            model: None,
            encryption: Encryption::default(),
            geolocation: None,
            site: None,
        });
    }
    /// A ring group.
    pub fn add_group(&mut self, number: &str, members: &[&str], overflow: Destination) {
        let members = members.iter().map(|m| self.user(m).id).collect();
        self.groups.push(RingGroup {
            id: RingGroupId(self.id_after(self.groups.len())),
            tenant: self.tenant.id,
            name: format!("Group {number}"),
            number: Some(number.into()),
            members,
            overflow,
            ..RingGroup::default()
        });
    }
    /// A role of level 0 with these permissions; those users have it.
    pub fn add_role(&mut self, name: &str, permissions: &str, users: &[&str]) {
        let id = RoleId(self.id_after(self.roles.len()));
        self.roles.push(Role {
            id,
            tenant: self.tenant.id,
            name: name.into(),
            level: 0,
            reach: Reach::Own,
            rights: Rights::of(permissions),
        });
        for number in users {
            self.user(number).role = Some(id);
        }
    }
    /// A trunk to that host, known by its address; the test changes what it wants otherwise.
    pub fn add_trunk(&mut self, name: &str, host: &str) -> TrunkId {
        let id = TrunkId(self.id_after(self.trunks.len()));
        self.trunks.push(Trunk {
            id,
            tenant: self.tenant.id,
            name: name.into(),
            enabled: true,
            shared: false,
            peer: Peer {
                host: host.into(),
                port: None,
                transport: Transport::Udp,
                proxy: None,
                domain: "carrier.example".into(),
                trust: Trust::Authority,
                encryption: Encryption { srtp: Srtp::Off, clear_keys: false },
            },
            account: Account {
                username: "line".into(),
                auth_name: "line".into(),
                secret: password("line"),
                registers: None,
            },
            incoming: Incoming {
                sources: vec![],
                challenge: false,
                called: CalledIn::RequestUri,
                number: NumberIn::Written,
                signatures: None,
            },
            outgoing: Outgoing {
                number: NumberOut::Plus,
                caller: CallerHeader::Asserted,
                shown: ShownAs { form: NumberOut::Plus, prefix: String::new() },
                identity: Identity::Pass,
                codecs: Codecs::All,
                answer_within: Duration::from_secs(6),
            },
            channels: None,
            health: None,
            priority: 10,
            pidf_lo: false,
            emergency: true,
            caller_id: None,
            foreign_callers: false,
        });
        id
    }
    /// A number of the public network that rings nobody; the test says whom it rings.
    pub fn add_number(&mut self, number: &str) -> &mut PhoneNumber {
        self.numbers.push(PhoneNumber {
            id: NumberId(self.id_after(self.numbers.len())),
            tenant: self.tenant.id,
            number: number.into(),
            description: String::new(),
            site: None,
            user: None,
            ring_group: None,
        });
        self.numbers.last_mut().expect("it was just added")
    }
    /// Refuses a caller, for a user or for the whole company.
    pub fn block(&mut self, caller: &str, user: Option<&str>) {
        let user = user.map(|number| self.user(number).id);
        let id = self.id_after(self.blocked.len());
        self.blocked.push(BlockedCaller { id, tenant: self.tenant.id, user, number: caller.into() });
    }
    /// A department with a park code; those users are in it.
    pub fn add_department(&mut self, name: &str, park_code: &str, users: &[&str]) -> DepartmentId {
        let id = DepartmentId(self.id_after(self.departments.len()));
        let (name, park_code) = (name.into(), park_code.into());
        self.departments.push(Department { id, tenant: self.tenant.id, name, parent: None, park_code });
        for number in users {
            self.user(number).department = Some(id);
        }
        id
    }
    /// A park lot of four slots, for everybody or for a department.
    pub fn add_lot(&mut self, first_slot: &str, department: Option<DepartmentId>) -> &mut ParkLot {
        let id = ParkLotId(self.id_after(self.lots.len()));
        let (tenant, name, first_slot) = (self.tenant.id, format!("Lot {first_slot}"), first_slot.into());
        self.lots.push(ParkLot { id, tenant, name, department, first_slot, slots: 4, ..ParkLot::default() });
        self.lots.last_mut().expect("it was added")
    }
    /// A time frame of the company.
    pub fn add_frame(&mut self, name: &str, schedule: Schedule) -> TimeFrameId {
        let id = TimeFrameId(self.id_after(self.frames.len()));
        self.frames.push(TimeFrame { id, tenant: self.tenant.id, name: name.into(), user: None, schedule });
        id
    }
    /// A rule of that user, behind those that they have.
    pub fn add_rule(&mut self, number: &str, frame: TimeFrameId, action: RuleAction) -> &mut AnsweringRule {
        let user = self.user(number).id;
        let id = AnsweringRuleId(self.id_after(self.rules.len()));
        let position = u32::try_from(self.rules.len()).expect("few rules") + 1;
        self.rules.push(AnsweringRule {
            id,
            tenant: self.tenant.id,
            user,
            frame,
            position,
            active: true,
            action,
            callers: Callers::Everybody,
        });
        self.rules.last_mut().expect("it was added")
    }
    /// A place with its clocks, where all are who have no other.
    pub fn add_site(&mut self, zone: Tz) -> SiteId {
        let id = SiteId(self.id_after(self.sites.len()));
        self.sites.push(Site {
            id,
            tenant: self.tenant.id,
            name: zone.name().into(),
            zone,
            calling: config::snapshot::SiteCalling::default(),
        });
        self.tenant.site.get_or_insert(id);
        id
    }
    /// A member of a group whose phones ring later.
    pub fn delay_member(&mut self, group: &str, member: &str, delay: Duration) {
        let group =
            self.groups.iter().find(|g| g.number.as_deref() == Some(group)).expect("the test added it").id;
        let (id, user) = (self.id_after(self.ring_delays.len()), self.user(member).id);
        self.ring_delays.push(RingDelay { id, tenant: self.tenant.id, group, user, delay });
    }
    /// Writes what a call changes, as the database would; why not, if it is refused. A field or table that calls do not
    /// change is a fault of the engine.
    pub fn edit(&mut self, edit: &Edit) -> Result<(), String> {
        if let Some(proof) = &edit.proof {
            let right = self.pins.get(&proof.user).is_some_and(|pin| *pin == proof.pin);
            right.then_some(()).ok_or("pin: the PIN is wrong.")?;
        }
        let company = match edit.tenant == self.tenant.id {
            true => self,
            false => {
                let neighbours = self.neighbours.iter_mut();
                neighbours.into_iter().find(|c| c.tenant.id == edit.tenant).ok_or("no such company")?
            }
        };
        for (field, value) in &edit.fields {
            company.set(edit, field, value)?;
        }
        Ok(())
    }
    fn set(&mut self, edit: &Edit, field: &str, value: &str) -> Result<(), String> {
        let text = Some(value.to_owned()).filter(|value| !value.is_empty());
        match edit.table {
            "users" => {
                let is_number = field.starts_with("forward_") && !field.ends_with("_after");
                let dialled = text.as_ref().filter(|_| is_number);
                if let Some(number) = dialled.filter(|number| number.len() <= 6) {
                    let known = self.extensions().iter().any(|extension| extension.number == *number);
                    known.then_some(()).ok_or(format!("{field}: There is no extension {number}."))?;
                }
                let user = self.users.iter_mut().find(|u| u.id.0 == edit.id).ok_or("this entry is gone")?;
                match field {
                    "forward_always" => user.forwards.always = text,
                    "forward_busy" => user.forwards.busy = text,
                    "forward_no_answer" => user.forwards.no_answer = text,
                    "forward_no_answer_after" => {
                        let seconds = value.parse().map_err(|_| "seconds")?;
                        user.forwards.no_answer_after = Duration::from_secs(seconds);
                    }
                    "forward_always_until" => user.forwards.always_until = None,
                    "forward_busy_until" => user.forwards.busy_until = None,
                    "forward_no_answer_until" => user.forwards.no_answer_until = None,
                    "dnd" => user.dnd = value == "1",
                    "dnd_until" => user.dnd_until = None,
                    other => panic!("no call edits users.{other}"),
                }
            }
            "settings" => {
                let night = &mut self.tenant.night;
                match (field, value) {
                    ("night_enabled", value) => night.enabled = value == "1",
                    ("night_mode", "day") => night.switch = NightSwitch::Day,
                    ("night_mode", "night") => night.switch = NightSwitch::Night,
                    ("night_until", "") => night.until = None,
                    other => panic!("no call edits settings.{other:?}"),
                }
            }
            "devices" => {
                let user = text.as_ref().and_then(|id| id.parse().ok()).map(UserId);
                let taken = self.devices.iter().any(|d| d.hotdesk && d.user.is_some() && d.user == user);
                let device =
                    self.devices.iter_mut().find(|d| d.id.0 == edit.id).ok_or("this entry is gone")?;
                match field {
                    "hotdesk_user" if taken => return Err("hotdesk_user: somebody has it already.".into()),
                    "hotdesk_user" => device.user = user,
                    "hotdesk_since" => {}
                    other => panic!("no call edits devices.{other}"),
                }
            }
            other => panic!("no call edits {other}"),
        }
        Ok(())
    }
    /// The user with that extension.
    pub fn user(&mut self, number: &str) -> &mut User {
        self.users.iter_mut().find(|u| u.number.as_deref() == Some(number)).expect("the test added it")
    }
    /// The device with that user name.
    pub fn device(&mut self, username: &str) -> &mut Device {
        self.devices.iter_mut().find(|d| d.username == username).expect("the test added it")
    }
    /// The next revision.
    pub fn snapshot(&mut self) -> Arc<Snapshot> {
        self.revision += 1;
        let mut rows = Rows { node: Arc::new(self.node.clone()), ..Rows::default() };
        for company in iter::once(&*self).chain(&self.neighbours) {
            Rows::put(&mut rows.tenants, [company.tenant.clone()]);
            Rows::put(&mut rows.users, company.users.clone());
            Rows::put(&mut rows.devices, company.devices.clone());
            Rows::put(&mut rows.ring_groups, company.groups.clone());
            Rows::put(&mut rows.extensions, company.extensions());
            Rows::put(&mut rows.roles, company.roles.clone());
            Rows::put(&mut rows.blocked_callers, company.blocked.clone());
            Rows::put(&mut rows.departments, company.departments.clone());
            Rows::put(&mut rows.park_lots, company.lots.clone());
            Rows::put(&mut rows.trunks, company.trunks.clone());
            Rows::put(&mut rows.numbers, company.numbers.clone());
            Rows::put(&mut rows.inbound_routes, company.inbound.clone());
            Rows::put(&mut rows.geolocations, company.places.clone());
            Rows::put(&mut rows.outbound_routes, company.routes.clone());
            Rows::put(&mut rows.call_limits, [company.limits.clone()]);
            Rows::put(&mut rows.sites, company.sites.clone());
            Rows::put(&mut rows.time_frames, company.frames.clone());
            Rows::put(&mut rows.answering_rules, company.rules.clone());
            Rows::put(&mut rows.feature_codes, company.codes.clone());
            Rows::put(&mut rows.ring_delays, company.ring_delays.clone());
        }
        Arc::new(Snapshot::of(self.revision, rows))
    }

    fn extensions(&self) -> Vec<Extension> {
        let users = self.users.iter().filter_map(|u| Some((u.number.clone()?, Target::User(u.id))));
        let groups = self.groups.iter().filter_map(|g| Some((g.number.clone()?, Target::RingGroup(g.id))));
        let extension = |(index, (number, target))| Extension {
            id: ExtensionId(self.id_after(index)),
            tenant: self.tenant.id,
            number,
            target,
        };
        users.chain(groups).enumerate().map(extension).collect()
    }

    /// Unique over all tenants, as in the database.
    fn id_after(&self, count: usize) -> i64 {
        (self.tenant.id.0 - 1) * 1000 + count as i64 + 1
    }
}

/// Those that a company begins with.
fn usual_codes(tenant: i64) -> Vec<FeatureCode> {
    let code = |(at, declared): (i64, &codes::Declared)| FeatureCode {
        id: tenant * 1000 + at,
        tenant: TenantId(tenant),
        function: declared.function,
        code: declared.code.into(),
        enabled: true,
        permission: declared.permission,
    };
    (0..).zip(&codes::FUNCTIONS).map(code).collect()
}

/// Each device's secret.
pub(crate) fn password(username: &str) -> String {
    format!("secret of {username}")
}

/// Domain and realm of the company.
pub(crate) const DOMAIN: &str = "example.test";
