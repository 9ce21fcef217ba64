// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {WebAuthn} from "@openzeppelin/contracts/utils/cryptography/WebAuthn.sol";

/// Who signs: a passkey, by its point on the curve P-256, or, where `y` is 0, the address in `x`. No point has a y of 0; the two
/// whose x is 0 are nobody's, since an `x` of 0 says that there is no key.
struct Key {
    bytes32 x;
    bytes32 y;
}

struct Call {
    address to;
    uint256 value;
    bytes data;
}

/// An account whose owner is a passkey. It signs by EIP-1271, carries out what its owner signed, whoever relays it, and can be
/// recovered by a second key: after a delay, unless the owner objects. It has no other owner and no upgrade.
contract PasskeyAccount is IERC1271 {
    event Executed(uint256 indexed nonce);
    event OwnerChanged(Key owner);
    event RecoveryKeyChanged(Key recovery);
    event RecoveryRequested(Key next, uint256 indexed nonce, uint64 from);
    event RecoveryVetoed(uint256 indexed nonce);

    /// The account has an owner already.
    error AlreadyOpen();
    /// A key is a point of the curve, or an address that is neither zero nor the account's own.
    error BadKey(bytes32 x, bytes32 y);
    /// Only the account itself does this, because its owner signed that it shall.
    error NotSelf(address caller);
    /// The key that must sign this did not.
    error BadSignature();
    /// Each signature counts once, in order.
    error WrongNonce(uint256 next);
    /// The signature's deadline has passed.
    error DeadlinePassed(uint256 deadline);
    /// No recovery waits.
    error NothingRequested();
    /// The owner may object until then.
    error TooEarly(uint64 from);
    /// The call to `to` failed.
    error CallFailed(address to, bytes reason);

    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME = keccak256("Commonwatt account");
    bytes32 private constant VERSION = keccak256("1");
    bytes32 private constant CALL = keccak256("Call(address to,uint256 value,bytes data)");
    bytes32 private constant EXECUTE =
        keccak256("Execute(Call[] calls,uint256 nonce,uint256 deadline)Call(address to,uint256 value,bytes data)");
    bytes32 private constant RECOVER = keccak256("Recover(bytes32 x,bytes32 y,uint256 nonce,uint256 deadline)");
    bytes32 private constant VETO = keccak256("Veto(uint256 nonce)");

    uint32 public immutable recoveryDelaySeconds;

    Key private _owner;
    Key private _recovery;
    Key private _next;
    /// From when on `_next` can take over; 0 where nobody waits.
    uint64 public recoverableFrom;
    uint256 public nextNonce;
    /// Its own count: no owner can keep the recovery key from signing by signing first.
    uint256 public nextRecoveryNonce;

    /// Nobody's account: others are copies of it.
    constructor(uint32 recoveryDelaySeconds_) {
        recoveryDelaySeconds = recoveryDelaySeconds_;
        _owner.x = bytes32(uint256(1));
    }

    receive() external payable {}

    /// Once, by whoever makes the copy, in the same transaction. `recovery_` may be zero: then a lost passkey is lost.
    function open(Key calldata owner_, Key calldata recovery_) external {
        if (_owner.x != 0) revert AlreadyOpen();
        _setOwner(owner_);
        _setRecovery(recovery_);
    }

    function owner() external view returns (Key memory) {
        return _owner;
    }

    function recovery() external view returns (Key memory) {
        return _recovery;
    }

    /// Every structure that is signed for this account elsewhere names it, so the hash is taken as it is.
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        return isSignedBy(_owner, hash, signature) ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    // An address that was checked when it became a key.
    // forge-lint: disable-next-item(unsafe-typecast)
    /// Whether the key signed `hash`; a passkey with the person's presence and verification (WebAuthn). False, never a revert,
    /// for anything malformed. Public, so that the owner of an account that is not open yet can be asked for by the same rules.
    function isSignedBy(Key memory key, bytes32 hash, bytes calldata signature) public view returns (bool) {
        if (key.x == 0) return false;
        if (key.y == 0) {
            return SignatureChecker.isValidSignatureNowCalldata(address(uint160(uint256(key.x))), hash, signature);
        }
        (bool decoded, WebAuthn.WebAuthnAuth calldata assertion) = WebAuthn.tryDecodeAuth(signature);
        return decoded && WebAuthn.verify(abi.encodePacked(hash), assertion, key.x, key.y);
    }

    /// Carries out all calls or none; anyone may relay.
    function execute(Call[] calldata calls, uint256 nonce, uint256 deadline, bytes calldata signature) external {
        bytes32[] memory hashes = new bytes32[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            hashes[i] = keccak256(abi.encode(CALL, calls[i].to, calls[i].value, keccak256(calls[i].data)));
        }
        bytes32 structHash = keccak256(abi.encode(EXECUTE, keccak256(abi.encodePacked(hashes)), nonce, deadline));
        _requireInTime(deadline);
        if (nonce != nextNonce) revert WrongNonce(nextNonce);
        _require(_owner, structHash, signature);
        nextNonce = nonce + 1;
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool done, bytes memory reason) = calls[i].to.call{value: calls[i].value}(calls[i].data);
            if (!done) revert CallFailed(calls[i].to, reason);
        }
        emit Executed(nonce);
    }

    /// Another passkey for the owner; also ends a recovery that waits.
    function changeOwner(Key calldata owner_) external {
        _requireSelf();
        delete recoverableFrom;
        _setOwner(owner_);
    }

    function changeRecovery(Key calldata recovery_) external {
        _requireSelf();
        delete recoverableFrom;
        _setRecovery(recovery_);
    }

    /// The recovery key names the next owner, who takes over after the delay. It replaces a recovery that waits.
    function requestRecovery(Key calldata next, uint256 nonce, uint256 deadline, bytes calldata signature) external {
        _requireInTime(deadline);
        if (nonce != nextRecoveryNonce) revert WrongNonce(nextRecoveryNonce);
        _require(_recovery, keccak256(abi.encode(RECOVER, next.x, next.y, nonce, deadline)), signature);
        _requireKey(next);
        nextRecoveryNonce = nonce + 1;
        _next = next;
        recoverableFrom = uint64(block.timestamp) + recoveryDelaySeconds;
        emit RecoveryRequested(next, nonce, recoverableFrom);
    }

    /// The owner is there after all; anyone may relay its objection.
    function vetoRecovery(bytes calldata signature) external {
        if (recoverableFrom == 0) revert NothingRequested();
        uint256 nonce = nextRecoveryNonce - 1;
        _require(_owner, keccak256(abi.encode(VETO, nonce)), signature);
        delete recoverableFrom;
        emit RecoveryVetoed(nonce);
    }

    function finishRecovery() external {
        if (recoverableFrom == 0) revert NothingRequested();
        if (block.timestamp < recoverableFrom) revert TooEarly(recoverableFrom);
        delete recoverableFrom;
        _setOwner(_next);
    }

    function _setOwner(Key memory owner_) private {
        _requireKey(owner_);
        _owner = owner_;
        emit OwnerChanged(owner_);
    }

    function _setRecovery(Key memory recovery_) private {
        if (recovery_.x != 0) _requireKey(recovery_);
        else if (recovery_.y != 0) revert BadKey(recovery_.x, recovery_.y);
        _recovery = recovery_;
        emit RecoveryKeyChanged(recovery_);
    }

    function _requireKey(Key memory key) private view {
        bool isAddress =
            key.y == 0 && uint256(key.x) <= type(uint160).max && key.x != bytes32(uint256(uint160(address(this))));
        if (key.x == 0 || (!isAddress && !P256.isValidPublicKey(key.x, key.y))) revert BadKey(key.x, key.y);
    }

    function _requireSelf() private view {
        if (msg.sender != address(this)) revert NotSelf(msg.sender);
    }

    function _requireInTime(uint256 deadline) private view {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline);
    }

    function _require(Key memory key, bytes32 structHash, bytes calldata signature) private view {
        bytes32 separator = keccak256(abi.encode(DOMAIN, NAME, VERSION, block.chainid, address(this)));
        if (!isSignedBy(key, MessageHashUtils.toTypedDataHash(separator, structHash), signature)) {
            revert BadSignature();
        }
    }
}
