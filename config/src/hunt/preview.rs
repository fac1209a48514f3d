//! What a caller to a group would experience if the next call came now and nobody answered. GRP-05…09, 12.

use std::time::Duration;

use rusqlite::OptionalExtension;

use super::{Memory, rounds};
use crate::{
    Db, RingGroupId, TenantId, UserId,
    records::hunting,
    snapshot::{RingDelay, RingGroup, Strategy},
    typed::Typed,
};

/// When whom the next call rings.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// One per member, in list order.
    pub bars: Vec<Bar>,
    /// When the call goes on to the overflow.
    pub over: Duration,
    /// How the group rings.
    pub strategy: Strategy,
    /// Who answered last, where that decides.
    pub answered_last: Option<UserId>,
}

/// When one member rings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// The member.
    pub user: UserId,
    /// From and until, after the call came in; `None` if their turn never comes.
    pub rings: Option<(Duration, Duration)>,
}

impl Preview {
    /// Of a group, with what is remembered; `delay` is how much later a member begins where all ring.
    pub fn of(group: &RingGroup, memory: &Memory, delay: impl Fn(UserId) -> Option<Duration>) -> Self {
        let rounds = rounds(group, memory);
        let whole = group.ring_time * u32::try_from(rounds.len()).unwrap_or(u32::MAX);
        let over = group.total_time.map_or(whole, |most| most.min(whole));
        let bar = |user: UserId| {
            let (n, round) = rounds.iter().enumerate().find(|(_, round)| round.contains(&user))?;
            let begins = group.ring_time * u32::try_from(n).ok()?;
            let later = delay(user).filter(|_| round.len() > 1).unwrap_or_default();
            let (from, until) = (begins + later, (begins + group.ring_time).min(over));
            (from < until).then_some((from, until))
        };
        let bars = group.members.iter().map(|&user| Bar { user, rings: bar(user) }).collect();
        let turns = group.strategy == Strategy::RoundRobin;
        let answered_last = memory.answered_last(group.id).filter(|_| turns);
        Self { bars, over, strategy: group.strategy, answered_last }
    }
}

impl Db {
    /// What a caller to a group would experience now; `None` if the tenant has no such group, or one that cannot be read.
    pub fn preview_ring_group(
        &self,
        tenant: TenantId,
        group: RingGroupId,
    ) -> rusqlite::Result<Option<Preview>> {
        let rows = self.reader()?;
        let cipher = self.cipher();
        let of = format!("{} WHERE t.id = ?1 AND t.tenant_id = ?2", RingGroup::SELECT);
        let read = |row: &rusqlite::Row<'_>| Ok(RingGroup::read(row, cipher));
        let Some(Ok(group)) = rows.query_row(&of, (group.0, tenant.0), read).optional()? else {
            return Ok(None);
        };
        let of = format!("{} WHERE t.ring_group_id = ?1", RingDelay::SELECT);
        let mut delays = rows.prepare(&of)?;
        let delays = delays.query_map([group.id.0], |row| Ok(RingDelay::read(row, cipher)))?;
        let delays: Vec<RingDelay> = delays.flatten().flatten().collect();
        let memory = Memory::of(hunting::read(&rows)?);
        let delay = |user| delays.iter().find(|row| row.user == user).map(|row| row.delay);
        Ok(Some(Preview::of(&group, &memory, delay)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::hunting::HuntRows;

    fn group(strategy: Strategy) -> RingGroup {
        RingGroup {
            id: RingGroupId(7),
            members: vec![UserId(1), UserId(2), UserId(3)],
            strategy,
            ring_time: Duration::from_secs(15),
            ..RingGroup::default()
        }
    }

    fn seconds(preview: &Preview) -> Vec<Option<(u64, u64)>> {
        preview.bars.iter().map(|bar| bar.rings.map(|(a, b)| (a.as_secs(), b.as_secs()))).collect()
    }

    /// GRP-07: who answered last comes last; the group gives up before their turn is over.
    #[test]
    fn the_next_call_begins_after_who_answered_last() {
        let memory = Memory::of(HuntRows { turns: vec![(RingGroupId(7), UserId(1))], ..HuntRows::default() });
        let group = RingGroup { total_time: Some(Duration::from_secs(40)), ..group(Strategy::RoundRobin) };
        let preview = Preview::of(&group, &memory, |_| None);
        assert_eq!(seconds(&preview), [Some((30, 40)), Some((0, 15)), Some((15, 30))]);
        assert_eq!((preview.over.as_secs(), preview.answered_last), (40, Some(UserId(1))));
    }

    /// GRP-08, GRP-12
    #[test]
    fn with_ring_all_a_delay_moves_the_beginning() {
        let delay = |user| match user {
            UserId(2) => Some(Duration::from_secs(5)),
            UserId(3) => Some(Duration::from_secs(15)),
            _ => None,
        };
        let preview = Preview::of(&group(Strategy::All), &Memory::default(), delay);
        assert_eq!(seconds(&preview), [Some((0, 15)), Some((5, 15)), None]);
    }
}
