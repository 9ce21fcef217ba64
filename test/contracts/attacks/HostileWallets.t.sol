// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {Wallet} from "../Wallet.sol";
import {ICommon} from "../../../contracts/src/ICommon.sol";
import {AreaRules} from "../../../contracts/src/IAreas.sol";
import {Mandate, EpochStart} from "../../../contracts/src/ISeats.sol";
import {Withdrawal} from "../../../contracts/src/IPurses.sol";
import {TypedData} from "../../../contracts/src/TypedData.sol";

/// A wallet that misbehaves harms its own calls only, at a bounded price to whoever relays them.
contract HostileWalletsTest is Street {
    Wallet internal wallet;
    Home internal home;
    Withdrawal internal withdrawal;

    function setUp() public override {
        super.setUp();
        wallet = new Wallet();
        home = _home(1);
        home.account = address(wallet);
        Mandate memory mandate = _mandate(home);
        wallet.set(Wallet.Mood.Honest, _digest(hashes.hash(mandate)));
        home.seat = escrow.openSeat(
            mandate,
            "anything",
            _times(START),
            _consent(home, home.meterKey, mandate.rules, START),
            _epoch(home),
            _sign(home.meterKey, hashes.hash(_epoch(home)))
        );
        withdrawal = Withdrawal(home.account, home.seat, 70, address(7), 0, NO_DEADLINE);
    }

    function test_a_wallet_signs_as_an_account() public {
        wallet.set(Wallet.Mood.Honest, _digest(hashes.hash(withdrawal)));
        escrow.requestWithdrawal(withdrawal, "anything");
        vm.assertEq(escrow.withdrawalOf(home.seat).amount, 70);
    }

    function test_a_wallet_calls_for_itself() public {
        wallet.execute(address(escrow), abi.encodeCall(escrow.requestWithdrawal, (withdrawal, "")));
        vm.assertEq(escrow.withdrawalOf(home.seat).amount, 70);
    }

    function test_every_other_answer_is_a_refusal_at_a_bounded_price() public {
        for (uint256 mood = 1; mood <= uint256(Wallet.Mood.Short); ++mood) {
            wallet.set(Wallet.Mood(mood), _digest(hashes.hash(withdrawal)));
            vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.account));
            escrow.requestWithdrawal(withdrawal, "anything");
            vm.assertLe(vm.lastCallGas().gasTotalUsed, 1_200_000);
        }
    }

    /// Four bytes are no word, even where the memory behind them happens to be empty: after a broken signature of a key, or
    /// before anything else has been looked up.
    function test_half_an_answer_is_a_refusal_where_memory_is_empty() public {
        wallet.set(Wallet.Mood.Short, _digest(hashes.hash(withdrawal)));
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.account));
        escrow.requestWithdrawal(withdrawal, abi.encodePacked(bytes32(0), bytes32(uint256(1)), uint8(27)));
        Home memory other = _home(2);
        other.account = home.account;
        Mandate memory mandate = _mandate(other);
        EpochStart memory epoch = _epoch(other);
        bytes memory consent = _consent(other, other.meterKey, mandate.rules, START);
        bytes memory begun = _sign(other.meterKey, hashes.hash(epoch));
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.account));
        escrow.openSeat(mandate, "anything", _times(START), consent, epoch, begun);
    }

    /// A wallet that needs nearly all the gas it may use is heard.
    function test_a_thorough_wallet_has_the_gas_it_needs() public {
        wallet.set(Wallet.Mood.Thorough, _digest(hashes.hash(withdrawal)));
        escrow.requestWithdrawal(withdrawal, "anything");
        vm.assertEq(escrow.withdrawalOf(home.seat).amount, 70);
    }

    function test_the_grid_operator_may_be_a_wallet() public {
        AreaRules memory rules2 = _rules(2);
        rules2.grid = address(wallet);
        rules2 = _openArea(rules2);
        Home memory other = _home(2);
        Mandate memory mandate = _mandate(other);
        mandate.rules = hashes.hash(rules2);
        other.seat = _open(other, mandate, START, _epoch(other));
        wallet.set(Wallet.Mood.Honest, _digest(TypedData.hashRevoke(other.seat, START, 1, NO_DEADLINE)));
        escrow.revokeMeter(other.seat, START, 1, NO_DEADLINE, "anything");
        vm.expectRevert(abi.encodeWithSelector(ICommon.OldVersion.selector, 1));
        escrow.revokeMeter(other.seat, START, 1, NO_DEADLINE, "anything else");
    }

    /// An account with code of its own that still signs with its key (EIP-7702) signs with the key.
    function test_a_key_counts_even_where_code_lies() public {
        Home memory other = _home(2);
        _open(other);
        vm.etch(other.account, address(wallet).code);
        withdrawal = Withdrawal(other.account, other.seat, 70, address(7), 0, NO_DEADLINE);
        escrow.requestWithdrawal(withdrawal, _sign(other.accountKey, hashes.hash(withdrawal)));
    }
}
