//! What ring groups remember between calls, so that a restart does not begin every turn anew. GRP-07, GRP-09.

use rusqlite::Connection;

use crate::{Db, RingGroupId, UserId};

/// The stored memory of all groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HuntRows {
    /// Who answered last, of the groups that ring in turn.
    pub turns: Vec<(RingGroupId, UserId)>,
    /// When a member's last answered call ended. [Unix ms]
    pub last_calls: Vec<(UserId, i64)>,
    /// Who called a user last, by number. FC-15.
    pub last_callers: Vec<(UserId, String)>,
}

impl Db {
    /// What groups and users that are still there remember; the rest is removed.
    pub fn load_hunting(&self) -> rusqlite::Result<HuntRows> {
        let writer = self.writer();
        writer.execute("DELETE FROM hunt_turns WHERE group_id NOT IN (SELECT id FROM ring_groups)", [])?;
        writer.execute("DELETE FROM last_calls WHERE user_id NOT IN (SELECT id FROM users)", [])?;
        writer.execute("DELETE FROM last_callers WHERE user_id NOT IN (SELECT id FROM users)", [])?;
        read(&writer)
    }
}

/// What is stored.
pub(crate) fn read(rows: &Connection) -> rusqlite::Result<HuntRows> {
    let mut turns = rows.prepare("SELECT group_id, user_id FROM hunt_turns ORDER BY group_id")?;
    let turns = turns.query_map([], |row| Ok((RingGroupId(row.get(0)?), UserId(row.get(1)?))))?;
    let mut last = rows.prepare("SELECT user_id, ended_at FROM last_calls ORDER BY user_id")?;
    let last_calls = last.query_map([], |row| Ok((UserId(row.get(0)?), row.get(1)?)))?;
    let mut callers = rows.prepare("SELECT user_id, number FROM last_callers ORDER BY user_id")?;
    let last_callers = callers.query_map([], |row| Ok((UserId(row.get(0)?), row.get(1)?)))?;
    Ok(HuntRows {
        last_callers: last_callers.collect::<Result<_, _>>()?,
        turns: turns.collect::<Result<_, _>>()?,
        last_calls: last_calls.collect::<Result<_, _>>()?,
    })
}

pub(super) fn keep_turn(rows: &Connection, group: RingGroupId, user: UserId) -> rusqlite::Result<()> {
    rows.prepare_cached(
        "INSERT INTO hunt_turns (group_id, user_id) VALUES (?1, ?2) \
         ON CONFLICT (group_id) DO UPDATE SET user_id = excluded.user_id",
    )?
    .execute((group.0, user.0))?;
    Ok(())
}

pub(super) fn keep_last_call(rows: &Connection, user: UserId, ended_at: i64) -> rusqlite::Result<()> {
    rows.prepare_cached(
        "INSERT INTO last_calls (user_id, ended_at) VALUES (?1, ?2) \
         ON CONFLICT (user_id) DO UPDATE SET ended_at = max(ended_at, excluded.ended_at)",
    )?
    .execute((user.0, ended_at))?;
    Ok(())
}

pub(super) fn keep_last_caller(rows: &Connection, user: UserId, number: &str) -> rusqlite::Result<()> {
    rows.prepare_cached(
        "INSERT INTO last_callers (user_id, number) VALUES (?1, ?2) \
         ON CONFLICT (user_id) DO UPDATE SET number = excluded.number",
    )?
    .execute((user.0, number))?;
    Ok(())
}
