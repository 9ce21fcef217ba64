// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Gas} from "./Gas.sol";
import {Street} from "./Street.sol";
import {Passkeys} from "./Passkeys.sol";
import {Mandate} from "../../contracts/src/ISeats.sol";
import {Withdrawal} from "../../contracts/src/IPurses.sol";
import {Key, PasskeyAccount} from "../../contracts/src/PasskeyAccount.sol";
import {Revocations} from "../../contracts/src/Revocations.sol";

/// What an account whose owner is a passkey costs where the chain has no precompile for its curve: each signature of a passkey is
/// checked in plain code.
contract PasskeyGasTest is Gas, Passkeys {
    uint256 private constant OWNER = 0xa11ce;
    PasskeyAccount private account;

    function setUp() public override(Street, Passkeys) {
        Passkeys.setUp();
    }

    function _accountOf(Key memory recovery) private {
        account = PasskeyAccount(accounts.open(_passkey(OWNER), recovery));
    }

    function test_an_account() public {
        _accountOf(_passkey(0xb0b));
        _keep("accounts.open");
        _execute(account, OWNER, _one(address(token), abi.encodeCall(token.approve, (address(escrow), 1))));
        _keep("account.execute: an approval");
        _execute(account, OWNER, _one(address(account), abi.encodeCall(account.changeRecovery, (_address(grid)))));
        _keep("account.changeRecovery");
        _execute(account, OWNER, _one(address(account), abi.encodeCall(account.changeOwner, (_passkey(7)))));
        _keep("account.changeOwner");
    }

    function test_a_recovery() public {
        _accountOf(_passkey(0xb0b));
        Key memory next = _passkey(7);
        bytes memory signature = _assert(0xb0b, _recovery(account, next, 0, NO_DEADLINE));
        account.requestRecovery(next, 0, NO_DEADLINE, signature);
        _keep("account.requestRecovery");
        uint256 requested = vm.snapshotState();
        bytes32 veto = keccak256(abi.encode(keccak256("Veto(uint256 nonce)"), 0));
        signature = _assert(OWNER, _accountDigest(address(account), veto));
        account.vetoRecovery(signature);
        _keep("account.vetoRecovery");
        vm.revertToState(requested);
        vm.warp(block.timestamp + RECOVERY_DELAY);
        account.finishRecovery();
        _keep("account.finishRecovery");
    }

    function test_a_household_with_a_passkey() public {
        _accountOf(Key(0, 0));
        Home memory home = _home(1);
        home.account = address(account);
        Mandate memory mandate = _mandate(home);
        bytes memory byAccount = _assert(OWNER, _digest(hashes.hash(mandate)));
        bytes memory consent = _consent(home, home.meterKey, mandate.rules, START);
        bytes memory begun = _sign(home.meterKey, hashes.hash(_epoch(home)));
        home.seat = escrow.openSeat(mandate, byAccount, _times(START), consent, _epoch(home), begun);
        _keep("openSeat: with a passkey");
        Withdrawal memory withdrawal = Withdrawal(home.account, home.seat, TEN, address(7), 0, NO_DEADLINE);
        bytes memory signature = _assert(OWNER, _digest(hashes.hash(withdrawal)));
        escrow.requestWithdrawal(withdrawal, signature);
        _keep("requestWithdrawal: with a passkey");
    }

    function test_what_was_granted_is_void() public {
        Revocations revocations = new Revocations();
        vm.prank(grid);
        revocations.revoke(grid, 7, NO_DEADLINE, "");
        _keep("revocations.revoke");
    }
}
