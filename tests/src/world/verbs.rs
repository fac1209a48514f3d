//! What phones, carriers and the network do in a scenario.

use super::*;

/// What people do.
impl World {
    /// Dials.
    pub fn dials(&mut self, phone: PhoneId, number: &str) {
        let now = self.clock;
        self.phone(phone).dial(now, number);
        self.settle();
    }
    /// Answers what rings.
    pub fn answers(&mut self, phone: PhoneId) {
        let now = self.clock;
        self.phone(phone).answer(now);
        self.settle();
    }
    /// Hangs up, cancels or declines.
    pub fn hangs_up(&mut self, phone: PhoneId) {
        let now = self.clock;
        self.phone(phone).hang_up(now);
        self.settle();
    }
    /// Puts the other side on hold.
    pub fn holds(&mut self, phone: PhoneId) {
        self.offers(phone, Direction::SendOnly);
    }
    /// Takes the other side back.
    pub fn resumes(&mut self, phone: PhoneId) {
        self.offers(phone, Direction::SendRecv);
    }
    /// Offers that direction.
    pub fn offers(&mut self, phone: PhoneId, direction: Direction) {
        let now = self.clock;
        self.phone(phone).offer(now, direction);
        self.settle();
    }
    /// Turns to another call, or to a free line.
    pub fn swaps(&mut self, phone: PhoneId) {
        self.phone(phone).swap();
    }
    /// Sends the other side to that number (blind transfer).
    pub fn transfers(&mut self, phone: PhoneId, number: &str) {
        let now = self.clock;
        self.phone(phone).transfer(now, number);
        self.settle();
    }
    /// Puts who is aside through to the other side of the present call (attended transfer).
    pub fn completes(&mut self, phone: PhoneId) {
        let now = self.clock;
        self.phone(phone).complete(now);
        self.settle();
    }
    /// Calls with a Replaces of that value.
    pub fn dials_replacing(&mut self, phone: PhoneId, number: &str, replaces: &str) {
        let now = self.clock;
        self.phone(phone).dial_replacing(now, number, replaces);
        self.settle();
    }
    /// Calls with a Join of that value.
    pub fn dials_joining(&mut self, phone: PhoneId, number: &str, join: &str) {
        let now = self.clock;
        self.phone(phone).dial_joining(now, number, join);
        self.settle();
    }
    /// Clicks a number in the portal; the id of the call.
    pub fn clicks(&mut self, number: &str, from: live::From, to: &str) -> String {
        self.orders(number, from, (to, None))
    }
    /// Tries a trunk with a number, beginning at all own phones; the id of the call.
    pub fn tries(&mut self, number: &str, trunk: TrunkId, to: &str) -> String {
        self.orders(number, live::From::OwnPhones, (to, Some(trunk)))
    }

    fn orders(&mut self, number: &str, from: live::From, (to, by): (&str, Option<TrunkId>)) -> String {
        let user = self.company.user(number).id;
        let tenant = self.company.tenant.id;
        let id = live::call_id(self.now().utc.timestamp_millis(), to.len() as u32);
        let order = live::Order { tenant, user, id: id.clone(), from, number: to.into(), by };
        self.input(Input::Command(live::Command::Call(Box::new(order))));
        id
    }
    /// Presses these keys one after the other during its call.
    pub fn presses(&mut self, phone: PhoneId, keys: &str) {
        for key in keys.chars() {
            let from = self.phones[phone.0].rtp();
            for (to, bytes) in self.phone(phone).press(key) {
                self.network.send(self.clock, Datagram { transport: Transport::Udp, from, to, bytes });
            }
            self.run_for(ms(200));
        }
    }
    /// Sets what a phone does when called.
    pub fn habit(&mut self, phone: PhoneId, habit: Habit) {
        self.phone(phone).habit = habit;
    }
    /// The phone itself.
    pub fn phone(&mut self, phone: PhoneId) -> &mut Phone {
        &mut self.phones[phone.0]
    }
    /// The phone's connection breaks: both ends notice, and what was on its way is lost. Its next message goes over a
    /// new one from another port.
    pub fn breaks(&mut self, phone: PhoneId) {
        let old = self.phones[phone.0].flow();
        let now = self.clock;
        self.broken.insert(old.local);
        let phone = self.phone(phone);
        phone.address.set_port(old.local.port() + 1);
        phone.stack.flow_failed(now, old);
        let flow = Flow { transport: old.transport, local: old.remote, remote: old.local };
        self.input(Input::FlowFailed(flow));
    }
    /// Bytes to the PBX from that address, past all loss.
    pub fn sends_raw(&mut self, from: SocketAddr, bytes: impl Into<Bytes>) {
        let flow = Flow { transport: Transport::Udp, local: self.pbx(), remote: from };
        let now = self.now();
        self.engine.receive(now, flow, bytes.into());
        self.settle();
    }
    /// Anything else from outside.
    pub fn input(&mut self, input: Input) {
        let now = self.now();
        self.engine.handle(now, input);
        self.settle();
    }
}
