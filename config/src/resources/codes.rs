//! Feature codes: what can be done by dialling, declared once. FC-01…15. What each does is `pbx-core/src/codes`; which keys
//! it has in a company is the table `feature_codes`; the card, the phones' digit maps and the checks follow from both.

use rusqlite::Connection;

use super::customer_groups;
use crate::{Db, TenantId, access::Permission, numbering};

/// What a code does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Function {
    QueueIn,
    QueueOut,
    QueueInFor,
    QueueOutFor,
    Night,
    HotdeskIn,
    HotdeskOut,
    Milliwatt,
    Echo,
    Directory,
    Record,
    Hide,
    LastCaller,
    Park,
    ParkIn,
    Retrieve,
    ForwardAlways,
    ForwardAlwaysOff,
    ForwardBusy,
    ForwardBusyOff,
    ForwardNoAnswer,
    ForwardNoAnswerOff,
    DndOn,
    DndOff,
    Page,
    Intercom,
    Mailbox,
    LeaveMessage,
    Conference,
    Pickup,
    GroupPickup,
}

/// What is dialled behind a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// Nothing.
    None,
    /// An extension or an outside number.
    Number,
    /// An extension of a user or of a group.
    Extension,
    /// A park slot.
    Slot,
    /// The code of a department.
    Department,
}

/// One function as it is declared.
#[derive(Debug, Clone, Copy)]
pub struct Declared {
    /// What it does.
    pub function: Function,
    /// As stored.
    pub key: &'static str,
    /// For people.
    pub title: &'static str,
    /// Its keys in a company that changed nothing.
    pub code: &'static str,
    /// What follows the keys.
    pub argument: Argument,
    /// Who may dial it in a company that changed nothing; `None` is everybody.
    pub permission: Option<Permission>,
}

impl Function {
    /// By its key.
    pub fn of(key: &str) -> Option<Self> {
        FUNCTIONS.iter().find(|declared| declared.key == key).map(|declared| declared.function)
    }
    /// Its declaration.
    pub fn declared(self) -> &'static Declared {
        let found = FUNCTIONS.iter().find(|declared| declared.function == self);
        found.expect("each function is declared; a test counts them")
    }
    /// For people.
    pub fn title(self) -> &'static str {
        self.declared().title
    }
    /// Whether this system has what the function needs; codes of others answer that it has not.
    pub fn is_here(self) -> bool {
        !matches!(
            self,
            Self::QueueIn
                | Self::QueueOut
                | Self::QueueInFor
                | Self::QueueOutFor
                | Self::Mailbox
                | Self::LeaveMessage
                | Self::Conference
                | Self::Directory
                | Self::Record
        )
    }
    /// What follows its keys.
    pub fn argument(self) -> Argument {
        self.declared().argument
    }
}

impl Argument {
    /// Whether something must follow.
    pub fn is_wanted(self) -> bool {
        self != Self::None
    }
    /// `number`, as the card shows it; blank for none.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Number => "number",
            Self::Extension => "extension",
            Self::Slot => "slot",
            Self::Department => "department",
        }
    }
}

/// Whether two codes of one company get into each other's way: a phone that has heard one cannot tell whether more
/// follows. The same keys may do one thing alone and another with a number behind them (`*86`).
pub fn clash(one: (&str, Argument), other: (&str, Argument)) -> bool {
    if one.0 == other.0 {
        return one.1.is_wanted() == other.1.is_wanted();
    }
    one.0.starts_with(other.0) || other.0.starts_with(one.0)
}

impl Db {
    /// The codes of a tenant that can be dialled, in the order of their keys.
    pub fn feature_codes(&self, tenant: TenantId) -> rusqlite::Result<Vec<(Function, String)>> {
        dialled(&*self.reader()?, tenant)
    }
}

/// See [`Db::feature_codes`].
pub(crate) fn dialled(rows: &Connection, tenant: TenantId) -> rusqlite::Result<Vec<(Function, String)>> {
    let mut statement = rows.prepare_cached(
        "SELECT function, code FROM feature_codes WHERE tenant_id = ?1 AND enabled = 1 ORDER BY code, id",
    )?;
    let codes = statement.query_map([tenant.0], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    codes.filter_map(|row| row.map(|(key, code)| Some((Function::of(&key)?, code))).transpose()).collect()
}

/// What a code begins, or what begins it, among the numbers of a company; in words.
pub(crate) fn in_the_way(
    rows: &Connection,
    tenant: i64,
    (id, function): (i64, Option<Function>),
    code: &str,
) -> rusqlite::Result<Option<String>> {
    let argument = function.map_or(Argument::None, Function::argument);
    let mut codes = rows.prepare_cached(
        "SELECT function, code FROM feature_codes WHERE tenant_id = ?1 AND id <> ?2 ORDER BY code",
    )?;
    let mut found = codes.query([tenant, id])?;
    while let Some(row) = found.next()? {
        let Some(other) = Function::of(row.get_ref(0)?.as_str()?) else { continue };
        let keys: String = row.get(1)?;
        if clash((code, argument), (&keys, other.argument())) {
            return Ok(Some(told(code, &keys, &format!("feature code {keys} ({})", other.title()))));
        }
    }
    if !code.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(None);
    }
    let extension = rows
        .prepare_cached(
            "SELECT number FROM extensions WHERE tenant_id = ?1 AND (substr(number, 1, length(?2)) = ?2 \
             OR substr(?2, 1, length(number)) = number) ORDER BY number LIMIT 1",
        )?
        .query_map((tenant, code), |row| row.get::<_, String>(0))?
        .next()
        .transpose()?;
    if let Some(number) = extension {
        return Ok(Some(told(code, &number, &format!("extension {number}"))));
    }
    if let Some((access, whose)) = customer_groups::access_code_like(rows, tenant, code)? {
        return Ok(Some(told(code, &access, &format!("access code {access} of {whose}"))));
    }
    let emergency = emergency_numbers(rows, tenant)?;
    let number = emergency.iter().find(|number| number.starts_with(code) || code.starts_with(*number));
    Ok(number.map(|number| told(code, number, &format!("emergency number {number}"))))
}

/// Which code an extension begins, or begins with; in words.
pub(crate) fn code_in_the_way(
    rows: &Connection,
    tenant: i64,
    extension: &str,
) -> rusqlite::Result<Option<String>> {
    let found = rows
        .prepare_cached(
            "SELECT code FROM feature_codes WHERE tenant_id = ?1 AND (substr(?2, 1, length(code)) = code \
             OR substr(code, 1, length(?2)) = ?2) LIMIT 1",
        )?
        .query_map((tenant, extension), |row| row.get::<_, String>(0))?
        .next()
        .transpose()?;
    Ok(found.map(|code| told(extension, &code, &format!("feature code {code}"))))
}

/// The numbers of help wherever the tenant is.
fn emergency_numbers(rows: &Connection, tenant: i64) -> rusqlite::Result<Vec<&'static str>> {
    let mut statement = rows.prepare_cached(
        "SELECT country FROM settings WHERE tenant_id = ?1 UNION SELECT country FROM sites WHERE tenant_id = ?1",
    )?;
    let countries: Vec<String> =
        statement.query_map([tenant], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let known = countries.iter().filter(|country| !country.is_empty());
    let own = known.flat_map(|country| numbering::plan(country).emergency_numbers());
    // Mobiles know these everywhere (3GPP TS 22.101 §10.1).
    Ok(own.chain(["112", "911"]).collect())
}

fn told(own: &str, other: &str, what: &str) -> String {
    match own.len().cmp(&other.len()) {
        std::cmp::Ordering::Equal => format!("{own} is {what} already. Choose others."),
        std::cmp::Ordering::Less => format!("{own} is how {what} begins. Choose others."),
        std::cmp::Ordering::Greater => format!("{own} begins with {what}. Choose others."),
    }
}

/// Keys and titles of all functions.
pub const CHOICES: [(&str, &str); FUNCTIONS.len()] = {
    let mut choices = [("", ""); FUNCTIONS.len()];
    let mut at = 0;
    while at < FUNCTIONS.len() {
        choices[at] = (FUNCTIONS[at].key, FUNCTIONS[at].title);
        at += 1;
    }
    choices
};

const fn code(
    function: Function,
    key: &'static str,
    title: &'static str,
    (code, argument): (&'static str, Argument),
    permission: Option<Permission>,
) -> Declared {
    Declared { function, key, title, code, argument, permission }
}

/// All functions, in the order of their usual keys.
pub const FUNCTIONS: [Declared; 31] = {
    use Argument::{Department, Extension, None as Nothing, Number, Slot};
    [
        code(
            Function::QueueIn,
            "queue_in",
            "Log in to your queues",
            ("*1", Nothing),
            Some(Permission::QueueSelf),
        ),
        code(
            Function::QueueOut,
            "queue_out",
            "Log out of your queues",
            ("*3", Nothing),
            Some(Permission::QueueSelf),
        ),
        code(Function::Night, "night", "Night mode on or off", ("*27", Nothing), Some(Permission::NightMode)),
        code(Function::HotdeskIn, "hotdesk_in", "Log in to this phone", ("*40", Nothing), None),
        code(Function::HotdeskOut, "hotdesk_out", "Log out of this phone", ("*41", Nothing), None),
        code(Function::Milliwatt, "milliwatt", "Test tone", ("*42", Nothing), None),
        code(Function::Echo, "echo", "Echo test", ("*43", Nothing), None),
        code(Function::Directory, "directory", "Dial by name", ("*45", Nothing), None),
        code(
            Function::QueueInFor,
            "queue_in_for",
            "Log in to queues from any phone",
            ("*54", Nothing),
            Some(Permission::QueueSelf),
        ),
        code(
            Function::Record,
            "record",
            "Record this call, on or off",
            ("*55", Nothing),
            Some(Permission::Record),
        ),
        code(
            Function::QueueOutFor,
            "queue_out_for",
            "Log out of queues from any phone",
            ("*56", Nothing),
            Some(Permission::QueueSelf),
        ),
        code(Function::Hide, "hide", "Call without showing your number", ("*67", Number), None),
        code(Function::LastCaller, "last_caller", "Call back who called last", ("*69", Nothing), None),
        code(
            Function::Park,
            "park",
            "Park a call in your department",
            ("*70", Nothing),
            Some(Permission::ParkCalls),
        ),
        code(
            Function::ParkIn,
            "park_in",
            "Park a call in another department",
            ("*70", Department),
            Some(Permission::ParkCalls),
        ),
        code(Function::Retrieve, "retrieve", "Take a parked call", ("*71", Slot), None),
        code(Function::ForwardAlways, "forward_always", "Forward all calls to", ("*72", Number), None),
        code(Function::ForwardAlwaysOff, "forward_always_off", "Forward no calls", ("*73", Nothing), None),
        code(Function::DndOn, "dnd_on", "Do not disturb", ("*78", Nothing), None),
        code(Function::DndOff, "dnd_off", "Take calls again", ("*79", Nothing), None),
        code(Function::Page, "page", "Page", ("*80", Extension), Some(Permission::Page)),
        code(Function::Intercom, "intercom", "Intercom", ("*81", Extension), Some(Permission::Page)),
        code(Function::Mailbox, "mailbox", "Your mailbox", ("*86", Nothing), None),
        code(Function::LeaveMessage, "leave_message", "Leave a message for", ("*86", Extension), None),
        code(
            Function::Conference,
            "conference",
            "Conference centre",
            ("*888", Nothing),
            Some(Permission::Conferences),
        ),
        code(Function::ForwardBusy, "forward_busy", "Forward when busy to", ("*90", Number), None),
        code(
            Function::ForwardBusyOff,
            "forward_busy_off",
            "Do not forward when busy",
            ("*91", Nothing),
            None,
        ),
        code(
            Function::ForwardNoAnswer,
            "forward_no_answer",
            "Forward when not answered to",
            ("*92", Number),
            None,
        ),
        code(
            Function::ForwardNoAnswerOff,
            "forward_no_answer_off",
            "Do not forward when not answered",
            ("*93", Nothing),
            None,
        ),
        code(Function::Pickup, "pickup", "Answer a call that rings at", ("*97", Extension), None),
        code(
            Function::GroupPickup,
            "group_pickup",
            "Answer a call that rings nearby",
            ("*98", Nothing),
            None,
        ),
    ]
};
