//! The one certificate that is taken.

use dyad_protocol::HexDigest;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use sha2::{Digest as _, Sha256};
use std::io;
use std::sync::Arc;

/// SHA-256 of a certificate in DER.
#[must_use]
pub fn fingerprint(certificate: &[u8]) -> HexDigest {
    let digits: String =
        Sha256::digest(certificate).iter().map(|byte| format!("{byte:02x}")).collect();
    HexDigest::try_from(digits).unwrap_or_else(|_| unreachable!("SHA-256 has 64 digits"))
}

/// The cryptography that both ends use.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// How to connect to the computer whose certificate has this fingerprint, and to no other.
#[must_use]
pub fn client(fingerprint: &HexDigest) -> Arc<ClientConfig> {
    let provider = provider();
    let pinned = Pinned { fingerprint: fingerprint.clone(), provider: Arc::clone(&provider) };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has what the default versions of TLS need")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pinned))
        .with_no_client_auth();
    Arc::new(config)
}

/// Whether a connection failed because the other side has another certificate.
#[must_use]
pub fn is_another(error: &io::Error) -> bool {
    let mut cause = error.get_ref().map(|inner| inner as &(dyn std::error::Error + 'static));
    while let Some(inner) = cause {
        if let Some(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)) =
            inner.downcast_ref()
        {
            return true;
        }
        let nested = inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = nested.map(|it| it as _).or_else(|| inner.source());
    }
    false
}

/// What a person can do about that; nothing, if the error has another reason.
#[must_use]
pub fn explain(error: &io::Error) -> Option<&'static str> {
    is_another(error).then_some(
        "the computer at this address is not the one that the link was made for; ask the \
         experimenter for the link again",
    )
}

#[derive(Debug)]
struct Pinned {
    fingerprint: HexDigest,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    /// Dates and names are not looked at: the certificate was chosen by itself.
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if fingerprint(certificate) == self.fingerprint {
            return Ok(ServerCertVerified::assertion());
        }
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    // The certificate is public; that the other side has its key is shown by these.

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
