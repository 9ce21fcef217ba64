// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {Street} from "./Street.sol";
import {Call, Key, PasskeyAccount} from "../../contracts/src/PasskeyAccount.sol";
import {PasskeyAccounts} from "../../contracts/src/PasskeyAccounts.sol";

/// Passkeys as a device holds them, and the accounts that they own.
abstract contract Passkeys is Street {
    uint32 internal constant RECOVERY_DELAY = 7 days;
    /// Present and verified.
    bytes1 internal constant VERIFIED = 0x05;

    PasskeyAccounts internal accounts;

    function setUp() public virtual override {
        super.setUp();
        accounts = PasskeyAccounts(vm.deployCode("PasskeyAccounts.sol:PasskeyAccounts", abi.encode(RECOVERY_DELAY)));
    }

    function _passkey(uint256 secret) internal pure returns (Key memory) {
        (uint256 x, uint256 y) = vm.publicKeyP256(secret);
        return Key(bytes32(x), bytes32(y));
    }

    function _address(address account) internal pure returns (Key memory) {
        return Key(bytes32(uint256(uint160(account))), 0);
    }

    function _openAccount(uint256 secret, Key memory recovery) internal returns (PasskeyAccount) {
        return PasskeyAccount(accounts.open(_passkey(secret), recovery));
    }

    /// What a browser gives back when it was asked to sign `hash`.
    function _assert(uint256 secret, bytes32 hash) internal pure returns (bytes memory) {
        return _assert(secret, hash, VERIFIED, "webauthn.get");
    }

    function _assert(uint256 secret, bytes32 hash, bytes1 flags, string memory type_)
        internal
        pure
        returns (bytes memory)
    {
        bytes memory data = abi.encodePacked(sha256("localhost"), flags, uint32(7));
        string memory client = string.concat(
            '{"type":"',
            type_,
            '","challenge":"',
            Base64.encodeURL(abi.encodePacked(hash)),
            '","origin":"https://localhost"}'
        );
        (bytes32 r, bytes32 s) = vm.signP256(secret, sha256(abi.encodePacked(data, sha256(bytes(client)))));
        // Devices sign with either s; the smaller one counts.
        if (uint256(s) > P256.N / 2) s = bytes32(P256.N - uint256(s));
        return abi.encode(r, s, bytes(type_).length + 11, 1, data, client);
    }

    function _accountDigest(address account, bytes32 structHash) internal view returns (bytes32) {
        bytes32 separator = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Commonwatt account"),
                keccak256("1"),
                block.chainid,
                account
            )
        );
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }

    function _execution(PasskeyAccount account, Call[] memory calls, uint256 nonce, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        bytes memory hashed;
        for (uint256 i = 0; i < calls.length; ++i) {
            hashed = bytes.concat(
                hashed,
                keccak256(
                    abi.encode(
                        keccak256("Call(address to,uint256 value,bytes data)"),
                        calls[i].to,
                        calls[i].value,
                        keccak256(calls[i].data)
                    )
                )
            );
        }
        return _accountDigest(
            address(account),
            keccak256(
                abi.encode(
                    keccak256(
                        "Execute(Call[] calls,uint256 nonce,uint256 deadline)Call(address to,uint256 value,bytes data)"
                    ),
                    keccak256(hashed),
                    nonce,
                    deadline
                )
            )
        );
    }

    function _one(address to, bytes memory data) internal pure returns (Call[] memory calls) {
        calls = new Call[](1);
        calls[0] = Call(to, 0, data);
    }

    function _execute(PasskeyAccount account, uint256 secret, Call[] memory calls) internal {
        uint256 nonce = account.nextNonce();
        bytes memory signature = _assert(secret, _execution(account, calls, nonce, NO_DEADLINE));
        account.execute(calls, nonce, NO_DEADLINE, signature);
    }

    function _recovery(PasskeyAccount account, Key memory next, uint256 nonce, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        return _accountDigest(
            address(account),
            keccak256(
                abi.encode(
                    keccak256("Recover(bytes32 x,bytes32 y,uint256 nonce,uint256 deadline)"),
                    next.x,
                    next.y,
                    nonce,
                    deadline
                )
            )
        );
    }
}
