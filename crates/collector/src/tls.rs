//! The certificate that a lab or a collector shows: one of its own, made when its folder is first used,
//! or a given one. Participants' programs know it by its fingerprint, which stands in the join link.

use crate::folder;
use dyad_protocol::HexDigest;
use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// The file of a folder's own certificate and its key, as PEM.
pub const FILE: &str = "tls.pem";

/// The name in an own certificate. Nobody looks at it.
const NAME: &str = "dyad.invalid";

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file holds no certificate, or no key.
    #[error("{} holds no {what} in PEM: {source}", path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// What is looked for.
        what: &'static str,
        /// Why it is none.
        source: pem::Error,
    },
    /// No certificate can be made.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// Certificate and key cannot be used.
    #[error("the certificate and its key do not fit together: {0}")]
    Unfit(#[from] rustls::Error),
}

/// How a program wants to be reached, as arguments.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Arguments {
    /// Speaks plain HTTP, which everybody on the way can read. At an address that only this computer
    /// has, such as 127.0.0.1, that is so anyway.
    #[arg(long, conflicts_with = "tls_cert")]
    pub plain: bool,
    /// A file with a certificate in PEM and those that lead to it, instead of the folder's own
    /// certificate, which is made when it is first needed.
    #[arg(long, requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The file of that certificate's key in PEM.
    #[arg(long, requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

impl Arguments {
    /// The certificate that is shown at an address; none where plain HTTP is spoken.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn certificate(
        &self,
        data: &Path,
        listen: SocketAddr,
    ) -> Result<Option<Certificate>, TlsError> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Certificate::given(certificate, key).map(Some),
            _ if self.plain || listen.ip().is_loopback() => Ok(None),
            _ => Certificate::own(data).map(Some),
        }
    }
}

/// A certificate with those that lead to it, and its key.
#[derive(Debug)]
pub struct Certificate {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Certificate {
    /// The own certificate of a folder. It is made when first asked for and stays the same, so that
    /// links that were sent out stay good.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn own(folder: &Path) -> Result<Self, TlsError> {
        let path = folder.join(FILE);
        if !path.exists() {
            let made = rcgen::generate_simple_self_signed([NAME.to_owned()])?;
            let text = made.signing_key.serialize_pem() + &made.cert.pem();
            fs::create_dir_all(folder)
                .and_then(|()| folder::replace(folder, FILE, text.as_bytes()))
                .map_err(|source| TlsError::File { path: path.clone(), source })?;
        }
        Self::given(&path, &path)
    }

    /// A given certificate, the one that is shown first, and its key; each in a PEM file.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn given(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let bytes = read(certificate)?;
        let unreadable =
            |what| move |path: &Path, source| TlsError::Pem { path: path.to_owned(), what, source };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
        let chain = chain.and_then(|chain: Vec<_>| match chain.is_empty() {
            true => Err(pem::Error::NoItemsFound),
            false => Ok(chain),
        });
        let chain = chain.map_err(|error| unreadable("certificate")(certificate, error))?;
        let parsed = PrivateKeyDer::from_pem_slice(&read(key)?);
        let key = parsed.map_err(|error| unreadable("key")(key, error))?;
        Ok(Self { chain, key })
    }

    /// What stands in links.
    #[must_use]
    pub fn fingerprint(&self) -> HexDigest {
        let first = self.chain.first().map_or(&[][..], |certificate| certificate);
        dyad_tls::fingerprint(first)
    }

    /// What takes connections.
    ///
    /// # Errors
    /// [`TlsError::Unfit`].
    pub fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        let mut config = ServerConfig::builder_with_provider(dyad_tls::provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), self.key.clone_key())?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::{Certificate, FILE, TlsError};

    #[test]
    fn a_folder_keeps_its_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let first = Certificate::own(folder.path()).unwrap();
        first.acceptor().unwrap();
        assert_eq!(Certificate::own(folder.path()).unwrap().fingerprint(), first.fingerprint());
        let other = tempfile::tempdir().unwrap();
        let other = Certificate::own(other.path()).unwrap();
        assert_ne!(other.fingerprint(), first.fingerprint());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions();
            assert_eq!(mode.mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn files_that_do_not_fit_are_named() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for folder in [&one, &two] {
            Certificate::own(folder.path()).unwrap();
        }
        let [one, two] = [one.path().join(FILE), two.path().join(FILE)];
        let mixed = Certificate::given(&one, &two).unwrap().acceptor().map(drop);
        assert!(matches!(mixed, Err(TlsError::Unfit(_))), "{mixed:?}");
        std::fs::write(&two, "nothing").unwrap();
        for (certificate, key, what) in [(&one, &two, "key"), (&two, &one, "certificate")] {
            let error = Certificate::given(certificate, key).unwrap_err().to_string();
            assert!(error.contains(&format!("tls.pem holds no {what}")), "{error}");
        }
        let missing = two.with_file_name("missing");
        let error = Certificate::given(&missing, &one).unwrap_err();
        assert!(matches!(error, TlsError::File { .. }), "{error}");
    }
}
