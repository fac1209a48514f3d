//! A SIP message as a phone sees it: a start line, headers in order, a body. Independent of our own reader.

/// One message, read leniently.
#[derive(Debug, Clone)]
pub struct Text {
    /// Start line.
    pub start: String,
    /// Headers as written, compact names not expanded.
    pub headers: Vec<(String, String)>,
    /// Body bytes.
    pub body: Vec<u8>,
}

impl Text {
    /// Reads one message; `None` if it is none (a keep-alive).
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = head.split("\r\n");
        let start = lines.next()?.to_owned();
        let headers =
            lines.filter_map(|l| l.split_once(':')).map(|(n, v)| (n.trim().into(), v.trim().into()));
        Some(Self { start, headers: headers.collect(), body: bytes[end + 4..].to_vec() })
    }
    /// The message as it was composed.
    pub fn print(&self) -> String {
        let headers: String = self.headers.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
        format!("{}\r\n{headers}\r\n{}", self.start, self.body_text())
    }
    /// 100..=699, `None` for a request.
    pub fn status(&self) -> Option<u16> {
        self.start.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }
    /// What follows the status.
    pub fn reason(&self) -> &str {
        self.start.splitn(3, ' ').nth(2).unwrap_or("")
    }
    /// A request's method, empty for a response.
    pub fn method(&self) -> &str {
        if self.status().is_some() { "" } else { self.start.split(' ').next().unwrap_or("") }
    }
    /// A request's target.
    pub fn target(&self) -> &str {
        self.start.split(' ').nth(1).unwrap_or("")
    }
    /// The first header of that name or its compact form.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }
    /// Every header of that name.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let name = name.to_owned();
        let short = compact(&name);
        self.headers
            .iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(&name) || n.eq_ignore_ascii_case(short))
            .map(|(_, v)| v.as_str())
    }
    /// CSeq's number.
    pub fn cseq(&self) -> u32 {
        self.header("CSeq").and_then(|v| v.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    }
    /// CSeq's method.
    pub fn cseq_method(&self) -> &str {
        self.header("CSeq").and_then(|v| v.split_whitespace().nth(1)).unwrap_or("")
    }
    /// Call-ID.
    pub fn call_id(&self) -> &str {
        self.header("Call-ID").unwrap_or("")
    }
    /// The topmost branch.
    pub fn branch(&self) -> &str {
        self.header("Via").and_then(|v| param(v, "branch")).unwrap_or("")
    }
    /// To's tag.
    pub fn to_tag(&self) -> Option<&str> {
        param(self.header("To")?, "tag")
    }
    /// From's tag.
    pub fn from_tag(&self) -> Option<&str> {
        param(self.header("From")?, "tag")
    }
    /// The URI of the first Contact.
    pub fn contact(&self) -> Option<&str> {
        bracketed(self.header("Contact")?)
    }
    /// The body as text.
    pub fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A `;name=value` parameter outside of brackets.
pub fn param<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let tail = value.rsplit_once('>').map_or(value, |(_, t)| t);
    tail.split(';').skip(1).find_map(|p| {
        let (n, v) = p.split_once('=')?;
        n.trim().eq_ignore_ascii_case(name).then_some(v.trim().trim_matches('"'))
    })
}

/// What stands between `<` and `>`, or the whole value.
pub fn bracketed(value: &str) -> Option<&str> {
    match value.split_once('<') {
        Some((_, rest)) => rest.split('>').next(),
        None => value.split(';').next().map(str::trim),
    }
}

fn compact(name: &str) -> &'static str {
    match name.to_ascii_lowercase().as_str() {
        "via" => "v",
        "from" => "f",
        "to" => "t",
        "call-id" => "i",
        "contact" => "m",
        "content-length" => "l",
        "content-type" => "c",
        "supported" => "k",
        _ => "\0",
    }
}
