//! Signatures hold with the right key and algorithm, and with no other.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::json;

use super::*;

/// RFC 7515, appendix A.2: key and token.
const RSA_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const RSA_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

fn rsa_keys(algorithm: Option<&str>) -> Keys {
    let mut key = json!({ "kty": "RSA", "n": RSA_N, "e": "AQAB" });
    if let Some(algorithm) = algorithm {
        key["alg"] = json!(algorithm);
    }
    Keys::from_json(&json!({ "keys": [{ "kty": "oct", "k": "AAAA" }, { "kty": "RSA" }, key] })).unwrap()
}

fn encoded(json: &Json) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

fn signed(header: &Json, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let text = format!("{}.{}", encoded(header), encoded(&json!({ "sub": "1" })));
    let signature = sign(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn verified(token: &str, keys: &Keys) -> Result<Json, JoseError> {
    Token::parse(token).and_then(|token| token.verify(keys))
}

#[test]
fn the_example_of_the_standard_holds_and_a_changed_letter_does_not() {
    assert_eq!(verified(RSA_TOKEN, &rsa_keys(None)).unwrap()["iss"], "joe");
    let forged = RSA_TOKEN.replace("eyJpc3MiOiJqb2Ui", "eyJpc3MiOiJqb2Yi");
    assert_eq!(verified(&forged, &rsa_keys(None)), Err(JoseError::Signature));
    assert_eq!(verified(RSA_TOKEN, &rsa_keys(Some("RS512"))), Err(JoseError::UnknownKey), "a key that is for another algorithm");
    assert_eq!(verified(RSA_TOKEN, &Keys::default()), Err(JoseError::UnknownKey));
}

#[test]
fn none_and_shared_secrets_do_not_exist() {
    for algorithm in ["none", "None", "HS256", "HS512", "RS1", "", "dir"] {
        let token = signed(&json!({ "alg": algorithm }), |_| Vec::new());
        assert_eq!(verified(&token, &rsa_keys(None)), Err(JoseError::Algorithm), "{algorithm}");
    }
    // The classic: the public key's bytes as the secret of an HMAC.
    let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, RSA_N.as_bytes());
    let confused = signed(&json!({ "alg": "HS256" }), |message| ring::hmac::sign(&secret, message).as_ref().to_vec());
    assert_eq!(verified(&confused, &rsa_keys(None)), Err(JoseError::Algorithm));
}

#[test]
fn elliptic_keys_hold_too_and_never_for_each_other() {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let ec = json!({ "kty": "EC", "crv": "P-256", "kid": "e", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) });
    let document = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
    let edwards = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
    let okp = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "o", "x": URL_SAFE_NO_PAD.encode(edwards.public_key().as_ref()) });
    let keys = Keys::from_json(&json!({ "keys": [ec, okp] })).unwrap();
    let by_ec = |header: Json| signed(&header, |message| pair.sign(&random, message).unwrap().as_ref().to_vec());
    let by_okp = |header: Json| signed(&header, |message| edwards.sign(message).as_ref().to_vec());
    assert!(verified(&by_ec(json!({ "alg": "ES256", "kid": "e" })), &keys).is_ok());
    assert!(verified(&by_okp(json!({ "alg": "EdDSA" })), &keys).is_ok(), "without a key id every fitting key is tried");
    assert_eq!(verified(&by_ec(json!({ "alg": "ES256", "kid": "o" })), &keys), Err(JoseError::UnknownKey));
    assert_eq!(verified(&by_ec(json!({ "alg": "RS256", "kid": "e" })), &keys), Err(JoseError::UnknownKey));
    assert_eq!(verified(&by_okp(json!({ "alg": "ES256" })), &keys), Err(JoseError::Signature));
    assert_eq!(verified(&by_ec(json!({ "alg": "ES256", "crit": ["b64"], "b64": false })), &keys), Err(JoseError::Critical));
}

#[test]
fn keys_for_encryption_verify_nothing() {
    let keys = Keys::from_json(&json!({ "keys": [{ "kty": "RSA", "use": "enc", "n": RSA_N, "e": "AQAB" }] })).unwrap();
    assert!(keys.is_empty());
    assert!(Keys::from_json(&json!({ "error": "gone" })).is_none());
}

#[test]
fn what_is_no_token_is_refused() {
    for text in ["", ".", "..", "a.b.c", "a.b", "e30.e30.", "e30.e30.AA.AA", "W10.e30.AA"] {
        assert!(verified(text, &rsa_keys(None)).is_err(), "{text}");
    }
    let long = format!("{}.e30.AA", "A".repeat(TOKEN_BYTES_MAX));
    assert_eq!(verified(&long, &rsa_keys(None)), Err(JoseError::Shape));
}
