//! What a completion belongs to, as the 64 bits that io_uring carries along.

/// The owner of a completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// The multishot receive of the socket that stood in this place.
    #[allow(missing_docs)]
    Receive { place: u32, generation: u16 },
    /// The send out of this buffer.
    #[allow(missing_docs)]
    Send { buffer: u16 },
    /// The waker is readable.
    Wake,
    /// A cancellation; its receive completes by itself.
    Cancel,
}

impl From<Token> for u64 {
    fn from(token: Token) -> Self {
        match token {
            Token::Receive { place, generation } => {
                RECEIVE << 56 | u64::from(generation) << 32 | u64::from(place)
            }
            Token::Send { buffer } => SEND << 56 | u64::from(buffer),
            Token::Wake => WAKE << 56,
            Token::Cancel => 0,
        }
    }
}

impl From<u64> for Token {
    fn from(bits: u64) -> Self {
        match bits >> 56 {
            RECEIVE => Self::Receive { place: bits as u32, generation: (bits >> 32) as u16 },
            SEND => Self::Send { buffer: bits as u16 },
            WAKE => Self::Wake,
            _ => Self::Cancel,
        }
    }
}

const RECEIVE: u64 = 1;
const SEND: u64 = 2;
const WAKE: u64 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_the_ring() {
        let receive = Token::Receive { place: u32::MAX, generation: u16::MAX };
        for token in [receive, Token::Send { buffer: 4095 }, Token::Wake, Token::Cancel] {
            assert_eq!(Token::from(u64::from(token)), token);
        }
    }
}
