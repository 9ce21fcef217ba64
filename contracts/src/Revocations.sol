// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Signatures} from "./Signatures.sol";

/// One number for each account: what it granted under a lower nonce is void, wherever it is shown. Grants themselves are never
/// published.
contract Revocations {
    event GrantsRevoked(address indexed account, uint64 below);

    /// The number only grows.
    error NotHigher(uint64 valid);
    /// It grows by so much at once that no single signature can revoke all that will ever be granted.
    error StepTooLarge(uint64 valid, uint64 below);
    /// The signature's deadline has passed.
    error DeadlinePassed(uint32 deadline);
    /// `signer` did not sign this.
    error BadSignature(address signer);

    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME = keccak256("Commonwatt revocations");
    bytes32 private constant VERSION = keccak256("1");
    bytes32 private constant REVOKE_GRANTS = keccak256("RevokeGrants(address account,uint64 below,uint32 deadline)");
    /// Room for nonces that count milliseconds since 1970 until the year 2109. Of such steps there are 2,048 before the numbers
    /// become so large that programs which count in doubles lose the last digits.
    uint64 private constant LONGEST_STEP = 2 ** 42;

    /// Grants of the account with a lower nonce are void.
    mapping(address account => uint64) public validFrom;

    /// An empty signature stands for `msg.sender` itself; anyone may relay a signed one.
    function revoke(address account, uint64 below, uint32 deadline, bytes calldata signature) external {
        uint64 valid = validFrom[account];
        if (below <= valid) revert NotHigher(valid);
        if (below - valid > LONGEST_STEP) revert StepTooLarge(valid, below);
        if (block.timestamp > deadline) revert DeadlinePassed(deadline);
        bytes32 separator = keccak256(abi.encode(DOMAIN, NAME, VERSION, block.chainid, address(this)));
        bytes32 digest =
            MessageHashUtils.toTypedDataHash(separator, keccak256(abi.encode(REVOKE_GRANTS, account, below, deadline)));
        if (signature.length == 0 ? msg.sender != account : !Signatures.isBy(account, digest, signature)) {
            revert BadSignature(account);
        }
        validFrom[account] = below;
        emit GrantsRevoked(account, below);
    }
}
