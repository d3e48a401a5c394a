//! A socket to PostgreSQL on which somebody has signed in.
//!
//! The driver shakes hands (passwords, SCRAM, what else there may be) over a stream that it only borrows; then the socket is
//! ours, and what is said on it from then on is written in `pgmessage`.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream, UnixStream, lookup_host};
use tokio_postgres::config::Host;
use tokio_postgres::{Config, NoTls};

use super::Fault;
use crate::StoreError;

/// The port of a host that names none.
const PORT: u16 = 5432;

/// A connected socket.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    /// Whether nothing has come on it since it was last read: neither bytes nor its end.
    pub(crate) fn is_silent(&self) -> bool {
        let mut byte = [0];
        let read = match self {
            Self::Tcp(stream) => stream.try_read(&mut byte),
            Self::Unix(stream) => stream.try_read(&mut byte),
        };
        read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Says a last word, if that is possible at once.
    pub(crate) fn part(&self, word: &[u8]) {
        // Nobody waits for an answer.
        drop(match self {
            Self::Tcp(stream) => stream.try_write(word),
            Self::Unix(stream) => stream.try_write(word),
        });
    }

    async fn connect(host: &Host, port: u16) -> io::Result<Self> {
        match host {
            Host::Unix(folder) => Ok(Self::Unix(UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await?)),
            Host::Tcp(name) => {
                let mut last = io::Error::new(io::ErrorKind::NotFound, "the name of the server has no address");
                for address in lookup_host((name.as_str(), port)).await? {
                    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
                    socket.set_keepalive(true)?;
                    match socket.connect(address).await {
                        Ok(stream) => {
                            stream.set_nodelay(true)?;
                            return Ok(Self::Tcp(stream));
                        }
                        Err(error) => last = error,
                    }
                }
                Err(last)
            }
        }
    }
}

/// Connects to the first of the servers that answers, and signs in.
pub(crate) async fn open(config: &Config) -> Result<Socket, Fault> {
    let mut last = StoreError::Unavailable("no server is named".to_owned()).into();
    for (place, host) in config.get_hosts().iter().enumerate() {
        let ports = config.get_ports();
        let port = ports.get(place).or_else(|| ports.first()).copied().unwrap_or(PORT);
        match Socket::connect(host, port).await {
            Ok(socket) => return signed_in(config, socket).await,
            Err(error) => last = StoreError::Unavailable(error.to_string()).into(),
        }
    }
    Err(last)
}

async fn signed_in(config: &Config, socket: Socket) -> Result<Socket, Fault> {
    let lent = Lent(Arc::new(Mutex::new(Some(socket))));
    let (client, connection) = config.connect_raw(lent.clone(), NoTls).await?;
    // It has not been polled, so it has read nothing beyond the server's word that it is ready.
    drop((client, connection));
    let socket = lent.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    socket.ok_or_else(|| StoreError::Unavailable("the socket is gone".to_owned()).into())
}

/// A socket that the driver uses as long as we leave it to him.
#[derive(Clone)]
struct Lent(Arc<Mutex<Option<Socket>>>);

impl Lent {
    fn with<T>(&self, act: impl FnOnce(Pin<&mut Socket>) -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        let mut socket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        socket.as_mut().map_or_else(|| Poll::Ready(Err(io::ErrorKind::NotConnected.into())), |socket| act(Pin::new(socket)))
    }
}

impl AsyncRead for Lent {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.with(|socket| socket.poll_read(cx, into))
    }
}

impl AsyncWrite for Lent {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|socket| socket.poll_write(cx, from))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|socket| socket.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|socket| socket.poll_shutdown(cx))
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, into),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, from),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, from),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
