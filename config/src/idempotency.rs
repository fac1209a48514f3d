//! Answers to requests that carried an `Idempotency-Key`: kept for a day, so that a program that lost the answer can ask
//! again without doing it twice. The reservation is written before the work, so that not even a killed program does it twice.

use rusqlite::OptionalExtension;

use crate::{Db, secret::Place};

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `name: value` lines.
    pub headers: String,
    /// JSON.
    pub body: String,
}

/// What is known about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Nothing: it is now reserved for this request.
    Reserved,
    /// This request was answered so.
    Answered(Answer),
    /// The first request with it is running, or was cut short.
    Begun,
    /// Another request had it.
    OtherRequest,
}

impl Db {
    /// Reserves a key of an owner for a request (its digest), unless it is taken. Answers older than [`KEPT_MS`] go.
    pub fn reserve_idempotency_key(
        &self,
        (owner, key): (&str, &str),
        request: &[u8],
        now_ms: i64,
    ) -> rusqlite::Result<Known> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        transaction
            .prepare_cached("DELETE FROM idempotent_answers WHERE at_ms <= ?1")?
            .execute([now_ms - KEPT_MS])?;
        let known = transaction
            .prepare_cached(
                "SELECT request, status, headers, body FROM idempotent_answers WHERE owner = ?1 AND key = ?2",
            )?
            .query_row((owner, key), |row| {
                let answer = Answer { status: row.get(1)?, headers: row.get(2)?, body: row.get(3)? };
                Ok((row.get::<_, Vec<u8>>(0)?, answer))
            })
            .optional()?;
        let known = match known {
            Some((first, _)) if first != request => Known::OtherRequest,
            Some((_, answer)) if answer.status == 0 => Known::Begun,
            Some((_, answer)) => match self.cipher().open(BODY, &answer.body) {
                Some(body) => Known::Answered(Answer { body, ..answer }),
                None => Known::Begun,
            },
            None => {
                transaction
                    .prepare_cached(
                        "INSERT INTO idempotent_answers (owner, key, request, at_ms) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute((owner, key, request, now_ms))?;
                Known::Reserved
            }
        };
        transaction.commit()?;
        Ok(known)
    }

    /// Keeps the answer to a reserved key; `None` gives the key free, because the request did nothing.
    pub fn settle_idempotency_key(
        &self,
        (owner, key): (&str, &str),
        answer: Option<&Answer>,
    ) -> rusqlite::Result<()> {
        let writer = self.writer();
        match answer {
            Some(answer) => writer
                .prepare_cached(
                    "UPDATE idempotent_answers SET status = ?3, headers = ?4, body = ?5 WHERE owner = ?1 AND key = ?2",
                )?
                .execute((
                    owner,
                    key,
                    answer.status,
                    &answer.headers,
                    self.cipher().seal(BODY, &answer.body),
                )),
            None => writer
                .prepare_cached("DELETE FROM idempotent_answers WHERE owner = ?1 AND key = ?2")?
                .execute((owner, key)),
        }
        .map(|_| ())
    }
}

/// An answer can hold a secret that is told once: it is sealed as secrets are.
const BODY: Place = Place { table: "idempotent_answers", field: "body", row: 0 };
/// A day.
pub const KEPT_MS: i64 = 24 * 3_600_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Company;

    const KEY: (&str, &str) = ("api:1", "k1");

    #[test]
    fn an_answer_is_told_again_for_a_day_to_the_same_request_only() {
        let company = Company::new();
        let db = &company.db;
        let answer = Answer { status: 201, headers: "location: /x".into(), body: "{}".into() };
        assert_eq!(db.reserve_idempotency_key(KEY, b"a", 1000).unwrap(), Known::Reserved);
        assert_eq!(db.reserve_idempotency_key(KEY, b"a", 1001).unwrap(), Known::Begun);
        db.settle_idempotency_key(KEY, Some(&answer)).unwrap();
        let stored: String = company.number("SELECT body FROM idempotent_answers");
        assert!(stored.starts_with("v1:"), "sealed: {stored}");
        assert_eq!(
            db.reserve_idempotency_key(KEY, b"a", 1000 + KEPT_MS - 1).unwrap(),
            Known::Answered(answer)
        );
        assert_eq!(db.reserve_idempotency_key(KEY, b"b", 1002).unwrap(), Known::OtherRequest);
        assert_eq!(db.reserve_idempotency_key(("api:2", "k1"), b"b", 1002).unwrap(), Known::Reserved);
        assert_eq!(db.reserve_idempotency_key(KEY, b"b", 1000 + KEPT_MS).unwrap(), Known::Reserved);
    }

    #[test]
    fn a_key_that_did_nothing_is_free_again() {
        let company = Company::new();
        company.db.reserve_idempotency_key(KEY, b"a", 1).unwrap();
        company.db.settle_idempotency_key(KEY, None).unwrap();
        assert_eq!(company.db.reserve_idempotency_key(KEY, b"b", 2).unwrap(), Known::Reserved);
    }
}
