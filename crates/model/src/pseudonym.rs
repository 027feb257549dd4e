//! Pseudonyms: a person's id is replaced by a keyed digest before anything else sees it.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Least length of a secret, bytes: what a pseudonym has.
const MIN_SECRET_BYTES: usize = 16;
/// Most characters of a key's name.
const MAX_NAME_CHARS: usize = 16;
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// What an id is an id of: the same text gives unrelated pseudonyms in different domains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// A client.
    Client,
    /// A peer.
    Peer,
    /// An event.
    Event,
}

impl Domain {
    /// The word that is digested.
    pub fn as_str(self) -> &'static str {
        match self {
            Domain::Client => "client",
            Domain::Peer => "peer",
            Domain::Event => "event",
        }
    }
}

/// Why keys are unusable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is none.
    #[error("find a pseudonym key: at least one is needed")]
    None,
    /// A name is none, or there twice. Names are 1–16 lower-case letters and digits.
    #[error(
        "use `{0}` as the name of a pseudonym key: names are 1 to 16 lower-case letters and digits, each used once"
    )]
    Name(String),
    /// The secret of that name is shorter than 16 bytes.
    #[error("use pseudonym key `{0}`: its secret is shorter than 16 bytes")]
    Short(String),
}

/// Keys of the pseudonyms, in order: the first writes, the others are those it took over from.
#[derive(Clone)]
pub struct Keys(Vec<(String, Hmac<Sha256>)>);

impl fmt::Debug for Keys {
    /// Names only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Keys {
    /// Keys by name and secret.
    pub fn new(keys: Vec<(String, Vec<u8>)>) -> Result<Keys, KeyError> {
        let mut checked: Vec<(String, Hmac<Sha256>)> = Vec::with_capacity(keys.len());
        for (name, secret) in keys {
            let well_formed = (1..=MAX_NAME_CHARS).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            if !well_formed || checked.iter().any(|(other, _)| *other == name) {
                return Err(KeyError::Name(name));
            }
            if secret.len() < MIN_SECRET_BYTES {
                return Err(KeyError::Short(name));
            }
            let mac = Hmac::new_from_slice(&secret).map_err(|_| KeyError::Short(name.clone()))?;
            checked.push((name, mac));
        }
        if checked.is_empty() { Err(KeyError::None) } else { Ok(Keys(checked)) }
    }

    /// The pseudonym that is written for `id`: name of the first key, a colon, 26 characters of base32.
    pub fn pseudonym(&self, domain: Domain, id: &str) -> String {
        self.0.first().map(|key| digest(key, domain, id)).unwrap_or_default()
    }

    /// The pseudonyms of `id` under every key, the one that is written first: under which a person may stand in the log.
    pub fn every_pseudonym(&self, domain: Domain, id: &str) -> Vec<String> {
        self.0.iter().map(|key| digest(key, domain, id)).collect()
    }
}

fn digest((name, mac): &(String, Hmac<Sha256>), domain: Domain, id: &str) -> String {
    // The keyed state is copied: the key itself is digested once, when it is loaded.
    let mut mac = mac.clone();
    mac.update(domain.as_str().as_bytes());
    mac.update(&[0]);
    mac.update(id.as_bytes());
    let digest = mac.finalize().into_bytes();
    let mut text = String::with_capacity(name.len() + 27);
    text.push_str(name);
    text.push(':');
    push_base32(&digest[..16], &mut text);
    text
}

/// RFC 4648 in lower case, without padding.
fn push_base32(bytes: &[u8], text: &mut String) {
    let (mut buffer, mut bits) = (0_u32, 0);
    let mut push = |index: u32| text.push(char::from(BASE32[(index & 31) as usize]));
    for byte in bytes {
        buffer = buffer << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            push(buffer >> bits);
        }
        buffer &= (1 << bits) - 1;
    }
    if bits > 0 {
        push(buffer << (5 - bits));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        let secret = |byte| vec![byte; 32];
        Keys::new(vec![("k2".to_owned(), secret(2)), ("k1".to_owned(), secret(1))]).unwrap()
    }

    #[test]
    fn base32_agrees_with_rfc_4648() {
        for (bytes, expected) in [
            ("", ""),
            ("f", "my"),
            ("fo", "mzxq"),
            ("foo", "mzxw6"),
            ("foob", "mzxw6yq"),
            ("fooba", "mzxw6ytb"),
            ("foobar", "mzxw6ytboi"),
        ] {
            let mut text = String::new();
            push_base32(bytes.as_bytes(), &mut text);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn a_pseudonym_is_the_first_keys_hmac_of_domain_and_id() {
        // python3: base64.b32encode(hmac.new(bytes([2])*32, b"client\0A-17", "sha256").digest()[:16]).lower().rstrip(b"=")
        assert_eq!(keys().pseudonym(Domain::Client, "A-17"), "k2:rfsqaltzsabsygjm7vl45p7hsq");
        assert_eq!(keys().every_pseudonym(Domain::Client, "A-17")[1], "k1:djkyv5mlf7ovelhykjrow3fe2a");
        assert_ne!(
            keys().pseudonym(Domain::Client, "A-17")[3..],
            keys().pseudonym(Domain::Peer, "A-17")[3..]
        );
    }

    #[test]
    fn keys_without_name_or_strength_are_refused_and_no_secret_is_shown() {
        let refused = |keys: &[(&str, &[u8])]| {
            Keys::new(keys.iter().map(|(name, secret)| (name.to_string(), secret.to_vec())).collect())
                .unwrap_err()
        };
        assert_eq!(refused(&[]), KeyError::None);
        assert_eq!(refused(&[("k1", &[7; 15])]), KeyError::Short("k1".to_owned()));
        assert_eq!(refused(&[("K1", &[7; 16])]), KeyError::Name("K1".to_owned()));
        assert_eq!(refused(&[("k1", &[7; 16]), ("k1", &[8; 16])]), KeyError::Name("k1".to_owned()));
        assert_eq!(format!("{:?}", keys()), r#"["k2", "k1"]"#);
    }
}
