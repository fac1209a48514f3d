//! Session keys (RFC 3711 §4.3), AES in counter mode (§4.1.1) and HMAC-SHA1 (§4.2.1).

use aes::{
    Aes128Enc, Aes256Enc,
    cipher::{BlockCipherEncrypt, BlockSizeUser, InnerIvInit, KeyInit, StreamCipher, consts::U16},
};
use ctr::{Ctr128BE, CtrCore};
use hmac::{Hmac, Mac};
use sha1::Sha1;

use super::{Keying, SALT};

/// The keys of one direction for RTP, or for RTCP.
pub(super) struct Session {
    cipher: Cipher,
    salt: [u8; SALT],
    mac: Hmac<Sha1>,
}

/// What session keys are for (RFC 3711 §4.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Rtp,
    Rtcp,
}

enum Cipher {
    Aes128(Box<Aes128Enc>),
    Aes256(Box<Aes256Enc>),
}

impl Session {
    pub(super) fn new(keying: &Keying, purpose: Purpose) -> Self {
        let (key, salt) = keying.key.master(keying.suite);
        let master = Cipher::new(key);
        let first = match purpose {
            Purpose::Rtp => 0,
            Purpose::Rtcp => 3,
        };
        let mut own = [0; 32];
        let own = &mut own[..key.len()];
        derive(&master, salt, first, own);
        let (mut proof, mut own_salt) = ([0; PROOF_KEY], [0; SALT]);
        derive(&master, salt, first + 1, &mut proof);
        derive(&master, salt, first + 2, &mut own_salt);
        let mac = Hmac::new_from_slice(&proof).expect("HMAC takes keys of any length");
        Self { cipher: Cipher::new(own), salt: own_salt, mac }
    }
    /// Encrypts, or decrypts, what the sender `ssrc` numbered so.
    #[inline]
    pub(super) fn apply(&self, ssrc: u32, index: u64, data: &mut [u8]) {
        let mut iv = [0; 16];
        iv[..SALT].copy_from_slice(&self.salt);
        xor(&mut iv[4..8], &ssrc.to_be_bytes());
        xor(&mut iv[8..SALT], &index.to_be_bytes()[2..]);
        self.cipher.apply(&iv, data);
    }
    /// The proof of a packet up to what is still to be added.
    #[inline]
    pub(super) fn proof(&self, packet: &[u8]) -> Hmac<Sha1> {
        self.mac.clone().chain_update(packet)
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session(…)")
    }
}

impl Cipher {
    fn new(key: &[u8]) -> Self {
        // A suite's keys have one of these two lengths.
        match <[u8; 16]>::try_from(key) {
            Ok(key) => Self::Aes128(Box::new(Aes128Enc::new(&key.into()))),
            Err(_) => {
                let mut long = [0; 32];
                long[..key.len().min(32)].copy_from_slice(&key[..key.len().min(32)]);
                Self::Aes256(Box::new(Aes256Enc::new(&long.into())))
            }
        }
    }
    #[inline]
    fn apply(&self, iv: &[u8; 16], data: &mut [u8]) {
        match self {
            Self::Aes128(cipher) => count(&**cipher, iv, data),
            Self::Aes256(cipher) => count(&**cipher, iv, data),
        }
    }
}

#[inline]
fn count<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>>(cipher: &C, iv: &[u8; 16], data: &mut [u8]) {
    Ctr128BE::from_core(CtrCore::inner_iv_init(cipher, iv.into())).apply_keystream(data);
}

/// RFC 3711 §4.3.1, with a key derivation rate of 0.
fn derive(master: &Cipher, salt: &[u8], label: u8, out: &mut [u8]) {
    let mut iv = [0; 16];
    iv[..SALT].copy_from_slice(salt);
    iv[7] ^= label;
    out.fill(0);
    master.apply(&iv, out);
}

fn xor(into: &mut [u8], with: &[u8]) {
    into.iter_mut().zip(with).for_each(|(into, with)| *into ^= with);
}

/// Of the key of HMAC-SHA1 (RFC 3711 §5.2). [bytes]
const PROOF_KEY: usize = 20;

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// RFC 3711 appendix B.2
    #[test]
    fn counter_mode_gives_the_key_stream_of_the_rfc() {
        let cipher = Cipher::new(&bytes("2b7e151628aed2a6abf7158809cf4f3c"));
        let iv: [u8; 16] = bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfd0000").try_into().unwrap();
        let mut stream = [0; 48];
        cipher.apply(&iv, &mut stream);
        let expected = "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0";
        assert_eq!(stream[..], bytes(expected));
    }

    /// RFC 3711 appendix B.3
    #[test]
    fn session_keys_are_those_of_the_rfc() {
        let master = Cipher::new(&bytes("e1f97a0d3e018be0d64fa32c06de4139"));
        let salt = bytes("0ec675ad498afeebb6960b3aabe6");
        let derived = |label, len| {
            let mut out = vec![0; len];
            derive(&master, &salt, label, &mut out);
            out
        };
        assert_eq!(derived(0, 16), bytes("c61e7a93744f39ee10734afe3ff7a087"));
        assert_eq!(derived(2, 14), bytes("30cbbc08863d8c85d49db34a9ae1"));
        assert_eq!(derived(1, 20), bytes("cebe321f6ff7716b6fd4ab49af256a156d38baa4"));
    }

    /// RFC 6188 §7.1
    #[test]
    fn keys_of_256_bits_are_those_of_their_rfc() {
        let master = Cipher::new(&bytes("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6"));
        let salt = bytes("3b04803de51ee7c96423ab5b78d2");
        let derived = |label, len| {
            let mut out = vec![0; len];
            derive(&master, &salt, label, &mut out);
            out
        };
        let key = "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4";
        assert_eq!(derived(0, 32), bytes(key));
        assert_eq!(derived(2, 14), bytes("fa31791685ca444a9e07c6c64e93"));
        assert_eq!(derived(1, 20), bytes("fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"));
    }

    /// Of hexadecimal digits.
    pub(in crate::srtp) fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }
}
