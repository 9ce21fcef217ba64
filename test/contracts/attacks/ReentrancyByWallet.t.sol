// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {Wallet} from "../Wallet.sol";
import {ICommon} from "../../../contracts/src/ICommon.sol";
import {Mandate} from "../../../contracts/src/ISeats.sol";
import {Withdrawal} from "../../../contracts/src/IPurses.sol";

/// A wallet that is asked for its signature calls back into the escrow: the question is a static call, so nothing can move.
contract ReentrancyByWalletTest is Street {
    Wallet internal wallet;
    Home internal home;

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
        token.mint(address(this), 1000);
        token.approve(address(escrow), 1000);
        escrow.deposit(home.seat, 1000);
    }

    function _withdrawal(uint32 nonce) private view returns (Withdrawal memory) {
        return Withdrawal(home.account, home.seat, 70, address(7), nonce, NO_DEADLINE);
    }

    /// What the wallet itself may do at any other time, and what everybody may.
    function _callbacks() private view returns (bytes[4] memory) {
        return [
            abi.encodeCall(escrow.claim, (home.seat)),
            abi.encodeCall(escrow.requestWithdrawal, (_withdrawal(1), "")),
            abi.encodeCall(escrow.closeSeat, (home.seat, 2, NO_DEADLINE, "")),
            abi.encodeCall(escrow.deposit, (home.seat, 1))
        ];
    }

    function test_a_callback_from_the_question_for_a_withdrawal() public {
        wallet.execute(address(escrow), abi.encodeCall(escrow.requestWithdrawal, (_withdrawal(0), "")));
        vm.warp(block.timestamp + DELAY);
        wallet.execute(address(token), abi.encodeCall(token.approve, (address(escrow), 1)));
        token.mint(address(wallet), 1);
        bytes[4] memory callbacks = _callbacks();
        for (uint256 i = 0; i < 4; ++i) {
            wallet.callBack(address(escrow), callbacks[i]);
            vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.account));
            escrow.requestWithdrawal(_withdrawal(1), "anything");
            // The same call at any other time goes through: it is the question that stops it.
            uint256 before = vm.snapshotState();
            wallet.execute(address(escrow), callbacks[i]);
            vm.revertToState(before);
        }
    }

    function test_a_callback_from_the_question_for_closing() public {
        bytes[4] memory callbacks = _callbacks();
        for (uint256 i = 0; i < 4; ++i) {
            wallet.callBack(address(escrow), callbacks[i]);
            vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.account));
            escrow.closeSeat(home.seat, 2, NO_DEADLINE, "anything");
        }
        vm.assertEq(escrow.balanceOf(home.seat), 10_000);
    }
}
