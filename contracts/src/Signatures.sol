// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// Who signed: keys by ECDSA (65 bytes, or 64 in the form of EIP-2098; low s only), then contract wallets by EIP-1271.
library Signatures {
    /// Gas a wallet may use to check a signature; a passkey verified in plain EVM code needs about a third of it.
    uint256 internal constant WALLET_GAS = 1_000_000;

    /// Whether `signer`'s own key signed `digest`. False, never a revert, for anything malformed.
    function isByKey(address signer, bytes32 digest, bytes calldata signature) internal pure returns (bool) {
        address recovered = keyOf(digest, signature);
        return recovered == signer && recovered != address(0);
    }

    /// The larger half of the s values says the same as the smaller one; only that counts.
    uint256 private constant LARGEST_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// The key that signed `digest`, in the form of EIP-2098; zero for anything malformed. What the library does as well, for
    /// those who call it a thousand times.
    function keyOf(bytes32 digest, bytes32 r, bytes32 vs) internal pure returns (address) {
        uint256 s = (uint256(vs) << 1) >> 1;
        return s > LARGEST_S ? address(0) : ecrecover(digest, uint8(uint256(vs) >> 255) + 27, r, bytes32(s));
    }

    /// The key that signed `digest`; zero, never a revert, for anything malformed.
    function keyOf(bytes32 digest, bytes calldata signature) internal pure returns (address key) {
        if (signature.length == 64) {
            key = keyOf(digest, bytes32(signature[:32]), bytes32(signature[32:]));
        } else {
            (key,,) = ECDSA.tryRecoverCalldata(digest, signature);
        }
    }

    /// Whether `signer` signed `digest`, as a key or as a contract wallet. A wallet gets bounded gas and one word of answer.
    function isBy(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (isByKey(signer, digest, signature)) return true;
        if (signer.code.length == 0) return false;
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        bytes4 yes = IERC1271.isValidSignature.selector;
        bool answered;
        bytes32 answer;
        uint256 gasLimit = WALLET_GAS;
        assembly ("memory-safe") {
            answered := staticcall(gasLimit, signer, add(question, 0x20), mload(question), 0x00, 0x20)
            answered := and(answered, gt(returndatasize(), 0x1f))
            answer := mload(0x00)
        }
        return answered && answer == bytes32(yes);
    }
}
