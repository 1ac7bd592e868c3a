//! Texts of the configuration into values: each refusal says what stands there and what to write.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::Arc;

use media::{PortRange, PortRangeError};
use model::phone::is_country;
use sip::message::{Scheme, Uri};
use tracing_subscriber::EnvFilter;

use super::found::Complaint;
use super::{Database, Listen, LogFormat, Network, Transport};

/// `udp://127.0.0.1:5060`.
pub(super) fn listen(text: &str) -> Result<Listen, Complaint> {
    let example = "write e.g. udp://127.0.0.1:5060 or tcp://[::1]:5060";
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(Complaint::new(format!("`{text}` names no transport"), example));
    };
    let transport = match scheme {
        "udp" => Transport::Udp,
        "tcp" => Transport::Tcp,
        "tls" | "ws" | "wss" => {
            let cause = format!("{scheme}:// is not built yet");
            return Err(Complaint::new(cause, "listen on udp:// or tcp://"));
        }
        _ => {
            let cause = format!("`{scheme}` is no transport of SIP");
            return Err(Complaint::new(cause, example));
        }
    };
    let address = socket(rest).map_err(|complaint| Complaint::new(complaint.cause, example))?;
    Ok(Listen { transport, address })
}

/// `127.0.0.1:8080`.
pub(super) fn socket(text: &str) -> Result<SocketAddr, Complaint> {
    text.parse().map_err(|_| {
        let cause = format!("`{text}` is not an IP address with a port");
        Complaint::new(cause, "write e.g. 127.0.0.1:8080 or [::1]:8080")
    })
}

/// An IP address.
pub(super) fn address(text: &str) -> Result<IpAddr, Complaint> {
    text.parse().map_err(|_| {
        let cause = format!("`{text}` is not an IP address");
        Complaint::new(cause, "write e.g. 203.0.113.5; names are not resolved here")
    })
}

/// An IP address that is not a wildcard.
pub(super) fn own_address(text: &str) -> Result<IpAddr, Complaint> {
    let address = address(text)?;
    if address.is_unspecified() || address.is_multicast() {
        let cause = format!("{address} is not the address of one interface");
        return Err(Complaint::new(cause, "write the address that peers can reach"));
    }
    Ok(address)
}

/// `20000-29999`.
pub(super) fn ports(text: &str) -> Result<PortRange, Complaint> {
    let cause = |error| match error {
        PortRangeError::Form => format!("`{text}` is no range of ports"),
        PortRangeError::Empty => format!("{text} holds no even port with the odd one after it"),
    };
    let example = "write first-last, e.g. 20000-29999";
    text.parse().map_err(|error| Complaint::new(cause(error), example))
}

/// A host name (RFC 1123 §2.1) or an IP address.
pub(super) fn domain(text: &str) -> Result<Arc<str>, Complaint> {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() || (text.len() <= 253 && text.split('.').all(label)) {
        return Ok(Arc::from(text.to_ascii_lowercase()));
    }
    let cause = format!("`{text}` is no host name");
    Err(Complaint::new(cause, "write a name without scheme or port, e.g. tandem.example"))
}

/// A name that stands in headers, labels and records: letters, digits, `-`, `_`, `.`.
pub(super) fn name(text: &str) -> Result<Arc<str>, Complaint> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
        return Ok(Arc::from(text));
    }
    let cause = format!("`{text}` is no name");
    Err(Complaint::new(cause, "use 1 to 64 letters, digits, `-`, `_` and `.`"))
}

/// A header value of one line.
pub(super) fn user_agent(text: &str) -> Result<Arc<str>, Complaint> {
    if text.len() <= 128 && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Ok(Arc::from(text));
    }
    let cause = "does not fit in a header";
    Err(Complaint::new(cause, "use at most 128 printable ASCII characters"))
}

/// A path.
pub(super) fn path(text: &str) -> Result<PathBuf, Complaint> {
    if text.is_empty() || text.contains('\0') {
        return Err(Complaint::new("is no path", "write the path of a file or folder"));
    }
    Ok(PathBuf::from(text))
}

/// `sqlite://var/tandem.db`.
pub(super) fn database(text: &str) -> Result<Database, Complaint> {
    let example = "write sqlite:// and a path, e.g. sqlite://var/tandem.db";
    match text.split_once("://") {
        Some(("sqlite", file)) if !file.is_empty() && !file.contains(['?', '\0', ':']) => {
            Ok(Database { url: text.to_owned() })
        }
        Some(("sqlite", _)) => Err(Complaint::new("names no file", example)),
        // The text may hold a password: it is not repeated.
        Some(("postgres" | "postgresql", _)) => {
            Err(Complaint::new("PostgreSQL is not built yet", example))
        }
        Some(_) | None => Err(Complaint::new("is no URL of a known database", example)),
    }
}

/// An address or a network.
pub(super) fn network(text: &str) -> Result<Network, Complaint> {
    Network::from_str(text).map_err(|error| {
        Complaint::new(error.to_string(), "write an address or a network, e.g. 192.0.2.0/24")
    })
}

/// An upper-case ISO 3166 code.
pub(super) fn country(text: &str) -> Result<Arc<str>, Complaint> {
    if is_country(text) {
        return Ok(Arc::from(text));
    }
    let cause = format!("`{text}` is no country");
    Err(Complaint::new(cause, "write two capital letters of ISO 3166, e.g. US or DE"))
}

/// A SIP URI that a trunk can be reached by.
pub(super) fn outbound(text: &str) -> Result<String, Complaint> {
    let example = "write e.g. sip:sbc.example:5060 or sip:192.0.2.1;transport=tcp";
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("sips:") || lower.contains(";transport=tls") {
        return Err(Complaint::new("TLS is not built yet", example));
    }
    let uri = Uri::parse(text).ok();
    if uri.is_some_and(|uri| uri.scheme == Scheme::Sip && uri.user.is_none()) {
        Ok(text.to_owned())
    } else {
        let cause = format!("`{text}` is no SIP URI of a host");
        Err(Complaint::new(cause, example))
    }
}

/// `text` or `json`.
pub(super) fn log_format(text: &str) -> Result<LogFormat, Complaint> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => {
            let cause = format!("`{text}` is no format");
            Err(Complaint::new(cause, "write \"text\" or \"json\""))
        }
    }
}

/// `info,sip=debug`.
pub(super) fn log_filter(text: &str) -> Result<String, Complaint> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => {
            Err(Complaint::new(error.to_string(), "write levels by module, e.g. info,sip=debug"))
        }
    }
}
