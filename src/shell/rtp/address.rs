//! Socket addresses in the kernel's form (`sockaddr_in`, `sockaddr_in6`), read and written without `unsafe`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// A `sockaddr_in` or `sockaddr_in6`, whichever `len` says.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(8))]
pub struct RawAddress {
    bytes: [u8; RAW_LEN],
    len: u32,
}

impl RawAddress {
    /// Room for an address that the kernel writes.
    pub const EMPTY: Self = Self { bytes: [0; RAW_LEN], len: RAW_LEN as u32 };

    /// Where it begins.
    pub fn as_ptr(&self) -> *const u8 {
        self.bytes.as_ptr()
    }
    /// Where the kernel may write [`RAW_LEN`] bytes.
    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        self.bytes.as_mut_ptr()
    }
    /// So many bytes are meant.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> u32 {
        self.len
    }
    /// The address; `None` if the family is not IP.
    pub fn to_socket_addr(self) -> Option<SocketAddr> {
        read(&self.bytes)
    }
}

impl From<SocketAddr> for RawAddress {
    fn from(address: SocketAddr) -> Self {
        let mut raw = Self::EMPTY;
        raw.bytes[2..4].copy_from_slice(&address.port().to_be_bytes());
        match address {
            SocketAddr::V4(v4) => {
                raw.bytes[..2].copy_from_slice(&AF_INET.to_ne_bytes());
                raw.bytes[4..8].copy_from_slice(&v4.ip().octets());
                raw.len = 16;
            }
            SocketAddr::V6(v6) => {
                raw.bytes[..2].copy_from_slice(&AF_INET6.to_ne_bytes());
                raw.bytes[8..24].copy_from_slice(&v6.ip().octets());
                raw.bytes[24..28].copy_from_slice(&v6.scope_id().to_ne_bytes());
            }
        }
        raw
    }
}

/// Reads an address that the kernel wrote.
pub fn read(bytes: &[u8]) -> Option<SocketAddr> {
    let port = u16::from_be_bytes(field(bytes, 2)?);
    match u16::from_ne_bytes(field(bytes, 0)?) {
        AF_INET => Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::from(field::<4>(bytes, 4)?)), port)),
        AF_INET6 => {
            let scope = u32::from_ne_bytes(field(bytes, 24)?);
            Some(SocketAddrV6::new(Ipv6Addr::from(field::<16>(bytes, 8)?), port, 0, scope).into())
        }
        _ => None,
    }
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

/// Size of the larger of the two. [bytes]
pub const RAW_LEN: usize = 28;
const AF_INET: u16 = libc::AF_INET as u16;
const AF_INET6: u16 = libc::AF_INET6 as u16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_survives_the_kernels_form() {
        for text in ["192.0.2.1:5060", "0.0.0.0:0", "[2001:db8::7]:16384", "[::1]:65535"] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(RawAddress::from(address).to_socket_addr(), Some(address));
        }
    }

    #[test]
    fn another_family_is_no_address() {
        assert_eq!(read(&[1, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(read(&[]), None);
        assert_eq!(read(&RawAddress::from("[::1]:1".parse::<SocketAddr>().unwrap()).bytes[..20]), None);
    }
}
