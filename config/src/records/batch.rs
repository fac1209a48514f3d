//! The fewest writes that leave the tables as a batch of changes would: a call that was opened, answered and closed
//! within one batch is one new row.

use std::collections::HashMap;

use super::{
    BindingRow, CallRow, Change, SubscriptionRow,
    outside::{AlertRow, EmergencyRow, UsageRow},
    parties::PartyRow,
};
use crate::{DeviceId, RingGroupId, UserId};

/// One write.
#[derive(Debug, PartialEq)]
pub(super) enum Write<'a> {
    Bind(&'a BindingRow),
    Unbind(DeviceId, &'a str),
    /// A new row, with when and by whom it was answered if it was.
    Open(&'a CallRow, Option<(i64, &'a str)>),
    Answer(&'a str, i64, &'a str),
    Trace(&'a str, &'a str),
    /// The end of a row that is there.
    Close(&'a CallRow),
    /// A new row that is closed already.
    Whole(&'a CallRow),
    Turn(RingGroupId, UserId),
    LastCall(UserId, i64),
    Party(&'a PartyRow),
    Subscribe(&'a SubscriptionRow),
    Unsubscribe(u64),
    Usage(&'a UsageRow),
    Emergency(&'a EmergencyRow),
    Alert(&'a AlertRow),
    LastCaller(UserId, &'a str),
}

/// The writes of a batch, in its order.
pub(super) fn writes(changes: &[Change]) -> Vec<Write<'_>> {
    let mut writes: Vec<Write<'_>> = Vec::with_capacity(changes.len());
    // Where in `writes` a call is opened.
    let mut opened: HashMap<&str, usize> = HashMap::new();
    for change in changes {
        let write = match change {
            Change::Bind(binding) => Write::Bind(binding),
            Change::Unbind { device, key } => Write::Unbind(*device, key),
            Change::CallOpened(call) => {
                opened.insert(&call.id, writes.len());
                Write::Open(call, None)
            }
            Change::CallAnswered { id, answered_at, answered_by } => {
                let answer = (*answered_at, answered_by.as_str());
                if let Some(Write::Open(_, answered)) = opened.get(id.as_str()).map(|at| &mut writes[*at]) {
                    *answered = Some(answer);
                    continue;
                }
                Write::Answer(id, answer.0, answer.1)
            }
            Change::CallTraced { id, trace } => Write::Trace(id, trace),
            Change::Usage(usage) => Write::Usage(usage),
            Change::Emergency(call) => Write::Emergency(call),
            Change::Alert(alert) => Write::Alert(alert),
            Change::Turn { group, user } => Write::Turn(*group, *user),
            Change::LastCall { user, ended_at } => Write::LastCall(*user, *ended_at),
            Change::Subscribed(row) => Write::Subscribe(row),
            Change::Unsubscribed { id } => Write::Unsubscribe(*id),
            Change::LastCaller { user, number } => Write::LastCaller(*user, number),
            Change::CallParties(parties) => {
                writes.extend(parties.iter().map(Write::Party));
                continue;
            }
            Change::CallClosed(call) => {
                if let Some(at) = opened.remove(call.id.as_str()) {
                    writes[at] = Write::Whole(call);
                    continue;
                }
                Write::Close(call)
            }
        };
        writes.push(write);
    }
    writes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str) -> Box<CallRow> {
        Box::new(CallRow { id: id.into(), ..CallRow::default() })
    }

    fn answered(id: &str) -> Change {
        Change::CallAnswered { id: id.into(), answered_at: 7, answered_by: "102".into() }
    }

    /// SIP-45
    #[test]
    fn the_steps_of_a_call_in_one_batch_are_one_write() {
        let (a, b, c) = (call("a"), call("b"), call("c"));
        let changes = [
            Change::CallOpened(a.clone()),
            Change::CallOpened(b.clone()),
            answered("a"),
            answered("b"),
            answered("c"),
            Change::CallClosed(a.clone()),
            Change::CallClosed(c.clone()),
        ];
        let expected = [
            Write::Whole(&a),
            Write::Open(&b, Some((7, "102"))),
            Write::Answer("c", 7, "102"),
            Write::Close(&c),
        ];
        assert_eq!(writes(&changes), expected);
    }

    #[test]
    fn changes_of_bindings_stay_in_order() {
        let unbind = |key: &str| Change::Unbind { device: DeviceId(1), key: key.into() };
        let changes = [unbind("a"), unbind("b"), unbind("a")];
        let expected = ["a", "b", "a"].map(|key| Write::Unbind(DeviceId(1), key));
        assert_eq!(writes(&changes), expected);
    }
}
