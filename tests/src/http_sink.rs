//! A web server that keeps what it is told.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering::SeqCst},
    },
    thread,
};

use crate::patience::{PATIENCE, until};

/// One request.
#[derive(Debug, Clone)]
pub struct Call {
    /// First line and headers.
    pub head: String,
    pub body: String,
}

/// Listens until the test ends.
#[derive(Debug)]
pub struct HttpSink {
    port: u16,
    calls: Arc<Mutex<Vec<Call>>>,
    answer: Arc<AtomicU16>,
}

impl HttpSink {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let sink = Self {
            port: listener.local_addr().unwrap().port(),
            calls: Arc::default(),
            answer: Arc::new(AtomicU16::new(200)),
        };
        let (calls, answer) = (sink.calls.clone(), sink.answer.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Ok(call) = take(stream, answer.load(SeqCst)) {
                    calls.lock().unwrap().push(call);
                }
            }
        });
        sink
    }
    /// What addresses of it begin with.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
    /// The status of all further answers.
    pub fn answer(&self, status: u16) {
        self.answer.store(status, SeqCst);
    }
    /// Waits for the next request, which is taken out.
    pub fn next(&self) -> Call {
        until("a request", PATIENCE, || {
            let mut calls = self.calls.lock().unwrap();
            (!calls.is_empty()).then(|| calls.remove(0))
        })
    }
}

fn take(stream: TcpStream, status: u16) -> std::io::Result<Call> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    let length = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    reader.get_mut().write_all(answer.as_bytes())?;
    Ok(Call { head, body: String::from_utf8_lossy(&body).into_owned() })
}
