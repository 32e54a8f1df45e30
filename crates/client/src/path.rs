//! Paths of requests.

use pipit_wire::ConversationId;

/// Where the members of a conversation that a search finds are listed.
pub(crate) fn found_members_path(
    conversation: ConversationId,
    query: Option<&str>,
    after: Option<&str>,
) -> String {
    let mut path = format!("/v1/conversations/{conversation}/members");
    let parts = [("query", query), ("after", after)];
    let given = parts
        .iter()
        .filter_map(|(name, value)| value.map(|value| (*name, value)));
    for ((name, value), sign) in given.zip(['?', '&']) {
        path.push(sign);
        path.push_str(name);
        path.push('=');
        path.push_str(&escape(value));
    }
    path
}

/// Where the members of a conversation are listed.
pub(crate) fn members_path(conversation: ConversationId, after: Option<&str>) -> String {
    let mut path = format!("/v1/conversations/{conversation}/members");
    if let Some(after) = after {
        path.push_str("?after=");
        path.push_str(&escape(after));
    }
    path
}

/// A value for a path or query (RFC 3986, section 2.1): everything but unreserved characters is escaped.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            escaped.push(char::from(byte));
        } else {
            let digits = b"0123456789ABCDEF";
            escaped.push('%');
            for digit in [byte >> 4, byte & 0x0F] {
                escaped.extend(digits.get(usize::from(digit)).map(|digit| char::from(*digit)));
            }
        }
    }
    escaped
}
