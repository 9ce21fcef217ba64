// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {Key, PasskeyAccount} from "./PasskeyAccount.sol";

/// Opens passkey accounts, each at the address that follows from its first keys: it can be named, and be paid, before it is open.
contract PasskeyAccounts {
    event AccountOpened(address indexed account, Key owner, Key recovery);

    address payable public immutable implementation;

    constructor(uint32 recoveryDelaySeconds) {
        implementation = payable(new PasskeyAccount(recoveryDelaySeconds));
    }

    /// Anyone may pay for it; once opened it stays as it is.
    function open(Key calldata owner, Key calldata recovery) external returns (address payable account) {
        account = payable(addressOf(owner, recovery));
        if (account.code.length != 0) return account;
        Clones.cloneDeterministic(implementation, _salt(owner, recovery));
        PasskeyAccount(account).open(owner, recovery);
        emit AccountOpened(account, owner, recovery);
    }

    function addressOf(Key calldata owner, Key calldata recovery) public view returns (address) {
        return Clones.predictDeterministicAddress(implementation, _salt(owner, recovery));
    }

    function _salt(Key calldata owner, Key calldata recovery) private pure returns (bytes32) {
        return keccak256(abi.encode(owner, recovery));
    }
}
