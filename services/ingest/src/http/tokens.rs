//! Bearer tokens.

use sha2::{Digest, Sha256};

/// Least characters of a token.
const LENGTH_MIN: usize = 16;

/// The tokens that are admitted, as digests.
#[derive(Debug, Clone)]
pub struct Tokens(Vec<[u8; 32]>);

/// Why a file of tokens is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokensError {
    /// It has none.
    #[error("it has no token; make one with `head -c 32 /dev/urandom | base64`")]
    None,
    /// One is too short.
    #[error("the token of line {line} has less than {LENGTH_MIN} characters")]
    Short {
        /// Its line, from 1.
        line: usize,
    },
}

impl Tokens {
    /// Reads tokens, one a line; blank lines and those that begin with `#` are none.
    ///
    /// # Errors
    /// Where there is none or one is too short.
    pub fn parse(text: &str) -> Result<Tokens, TokensError> {
        let mut tokens = Vec::new();
        for (n, line) in text.lines().enumerate() {
            let token = line.trim();
            if token.is_empty() || token.starts_with('#') {
                continue;
            }
            if token.chars().count() < LENGTH_MIN {
                return Err(TokensError::Short { line: n + 1 });
            }
            tokens.push(Sha256::digest(token.as_bytes()).into());
        }
        if tokens.is_empty() { Err(TokensError::None) } else { Ok(Tokens(tokens)) }
    }

    /// Whether `token` is one of them; takes as long whichever it is, or none.
    pub fn admit(&self, token: &str) -> bool {
        let given: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let same = |known: &[u8; 32]| known.iter().zip(given).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0;
        self.0.iter().fold(false, |admitted, known| admitted | same(known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_lines_that_are_long_enough() {
        let tokens = Tokens::parse("# crm\nabcdefghijklmnop\n\n  0123456789abcdef  \n").unwrap();
        assert!(tokens.admit("abcdefghijklmnop") && tokens.admit("0123456789abcdef"));
        assert!(!tokens.admit("abcdefghijklmno") && !tokens.admit("") && !tokens.admit("# crm"));
        assert_eq!(Tokens::parse("# none\n").unwrap_err(), TokensError::None);
        assert_eq!(Tokens::parse("\nshort\n").unwrap_err(), TokensError::Short { line: 2 });
    }
}
