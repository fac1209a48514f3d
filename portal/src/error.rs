//! What can go wrong with a request, and how a person or a program is told.

use askama::Template;
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use config::{Problem, bulk::BulkError, query::QueryError, sign_in::SignInError, write::WriteError};

/// Why a request is not served. As a response it is a page; [`Fault::problem`] says it in JSON.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// Nobody is signed in.
    #[error("sign in first")]
    SignIn,
    /// There is no such thing, or it is not theirs to see.
    #[error("there is nothing at this address")]
    NotFound,
    /// What a list's `after` names is no end of a page in that order.
    #[error("that page is gone, start again from the first")]
    PageGone,
    /// Signed in, but not allowed; or the request came from another site.
    #[error("{0}")]
    Forbidden(&'static str),
    /// It was done before, and is done once only.
    #[error("{0}")]
    Already(&'static str),
    /// Level 0 in the admin panel. ROL-01.
    #[error("your account has no admin panel")]
    NoAdministrator,
    /// The request itself makes no sense.
    #[error("{0}")]
    Malformed(String),
    /// Values are wrong.
    #[error("{} need attention", .0.len())]
    Invalid(Vec<Problem>),
    /// Somebody else saved meanwhile.
    #[error("{by} changed this meanwhile")]
    Conflict { by: String },
    /// Changes are on trial already; whose.
    #[error("changes of {0} are on trial already; confirm them or take them back first")]
    OnTrial(String),
    /// Other rows point here.
    #[error("still used by {}", .0.join(", "))]
    Used(Vec<String>),
    /// Somebody else saved since the version that `If-Match` names.
    #[error("this is no longer the version that If-Match names")]
    Precondition,
    /// The first request with this key is running, or was cut short.
    #[error(
        "the first request with this Idempotency-Key is running or was cut short; look whether it took effect, then use a new key"
    )]
    KeyInUse,
    /// Another request has this key.
    #[error("this Idempotency-Key was used for another request")]
    KeyTaken,
    /// More requests than a key may make; seconds until the next is taken.
    #[error("too many requests with this key")]
    TooMany(u64),
    /// The address is there, but not in this way; the methods that it takes, if they are known here.
    #[error("this cannot be done at this address")]
    Method(String),
    /// Too much at once.
    #[error("too many requests at once, try again in a moment")]
    Busy,
    /// The database took nothing: the disk is full, the file is locked, …; what to do is said.
    #[error("{0}")]
    NotStored(String),
    /// Our own trouble; the text goes to the log only.
    #[error("something went wrong on the server; it was logged")]
    Internal(String),
}

impl Fault {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::SignIn => StatusCode::UNAUTHORIZED,
            Self::NotFound | Self::PageGone => StatusCode::NOT_FOUND,
            Self::Forbidden(_) | Self::NoAdministrator => StatusCode::FORBIDDEN,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict { .. } | Self::Used(_) | Self::OnTrial(_) | Self::Already(_) => {
                StatusCode::CONFLICT
            }
            Self::Precondition => StatusCode::PRECONDITION_FAILED,
            Self::KeyInUse => StatusCode::CONFLICT,
            Self::KeyTaken => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Busy | Self::NotStored(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The fault as JSON problem (RFC 9457).
    pub fn problem(self) -> Response {
        self.log();
        let status = self.status();
        let fields = match &self {
            Self::Invalid(problems) => serde_json::json!(problems),
            _ => serde_json::json!([]),
        };
        let body = serde_json::json!({
            "type": "about:blank", "status": status.as_u16(), "title": self.to_string(), "problems": fields,
        });
        let mut answer = (status, Json(body)).into_response();
        answer
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Self::Method(allowed) = &self
            && let Some(allowed) = HeaderValue::from_str(allowed).ok().filter(|allowed| !allowed.is_empty())
        {
            answer.headers_mut().insert(header::ALLOW, allowed);
        }
        if status == StatusCode::UNAUTHORIZED {
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        self.retry(answer)
    }

    fn log(&self) {
        if let Self::Internal(why) | Self::NotStored(why) = self {
            tracing::error!("portal: a request failed: {why}");
        }
    }

    fn retry(&self, mut answer: Response) -> Response {
        let seconds = match self {
            Self::Busy => 1,
            Self::TooMany(seconds) => *seconds,
            _ => return answer,
        };
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        answer
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        self.log();
        let heading = match &self {
            Self::SignIn => "Sign in first",
            Self::NotFound | Self::PageGone => "Not found",
            Self::Forbidden(_) => "Not allowed",
            Self::NoAdministrator => "No admin panel",
            Self::Busy | Self::TooMany(_) => "One moment",
            Self::NotStored(_) => "Nothing was saved",
            Self::Internal(_) => "Something went wrong",
            _ => "That did not work",
        };
        let page = ErrorPage {
            theme: String::new(),
            heading,
            text: match self {
                Self::NoAdministrator => ASK_FOR_A_ROLE.to_owned(),
                _ => sentence(&self.to_string()),
            },
            home: if matches!(self, Self::NoAdministrator) { "/" } else { "/admin" },
            status: self.status().as_u16(),
        };
        let body = page.render().unwrap_or_else(|_| heading.to_owned());
        let answer = (self.status(), Html(body)).into_response();
        self.retry(answer)
    }
}

/// The first letter large, a full stop at the end.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).chain(['.']).collect()
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    theme: String,
    heading: &'static str,
    text: String,
    /// Where the way out leads.
    home: &'static str,
    status: u16,
}

const ASK_FOR_A_ROLE: &str = "Your account uses phones and the user portal. To manage the phone system, ask an \
    administrator of your company for a role that may.";

/// What a REST handler answers; faults are JSON problems.
pub(crate) type Answer = Result<Response, ApiFault>;

/// A fault that is told in JSON.
#[derive(Debug)]
pub(crate) struct ApiFault(pub Fault);

impl IntoResponse for ApiFault {
    fn into_response(self) -> Response {
        self.0.problem()
    }
}

impl<E: Into<Fault>> From<E> for ApiFault {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl From<QueryError> for Fault {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Sqlite(e) => Self::Internal(e.to_string()),
            QueryError::Cursor => Self::PageGone,
            QueryError::Beyond => Self::Forbidden("This belongs to another site or department"),
            other => Self::Malformed(other.to_string()),
        }
    }
}

impl From<WriteError> for Fault {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Invalid(problems) => Self::Invalid(problems),
            WriteError::Gone => Self::NotFound,
            WriteError::Forbidden(why) => Self::Forbidden(why),
            WriteError::Conflict { by, .. } => Self::Conflict { by },
            WriteError::Used(by) => Self::Used(by),
            WriteError::Sqlite(_) => Self::NotStored(error.to_string()),
        }
    }
}

impl From<BulkError> for Fault {
    fn from(error: BulkError) -> Self {
        match error {
            BulkError::Query(error) => error.into(),
            BulkError::Write(error) => error.into(),
            BulkError::TooMany => Self::Malformed(error.to_string()),
            BulkError::Obstacles(obstacles) => {
                let problem = |one: config::bulk::Obstacle| Problem {
                    field: format!("id {}", one.id),
                    message: format!("{}: {}", one.title, one.why),
                };
                Self::Invalid(obstacles.into_iter().map(problem).collect())
            }
        }
    }
}

impl From<SignInError> for Fault {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Nobody(_) => Self::NotFound,
            SignInError::Taken => Self::Forbidden("This belongs to somebody already"),
            SignInError::Link => Self::Forbidden("This setup link was used already or is too old"),
            SignInError::Sqlite(e) => Self::Internal(e.to_string()),
        }
    }
}

impl From<askama::Error> for Fault {
    fn from(error: askama::Error) -> Self {
        Self::Internal(format!("template: {error}"))
    }
}
