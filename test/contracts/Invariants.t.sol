// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Vm} from "./Vm.sol";
import {Handler} from "./Handler.sol";

/// What holds at every moment, whatever anyone has done before.
contract InvariantsTest {
    Vm private constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Handler private handler;

    function setUp() public {
        handler = new Handler();
        handler.setUp();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory actions = new bytes4[](15);
        actions[0] = handler.pass.selector;
        actions[1] = handler.deposit.selector;
        actions[2] = handler.request.selector;
        actions[3] = handler.claim.selector;
        actions[4] = handler.withdrawGrid.selector;
        actions[5] = handler.change.selector;
        actions[6] = handler.close.selector;
        actions[7] = handler.confirm.selector;
        actions[8] = handler.revoke.selector;
        actions[9] = handler.abandon.selector;
        actions[10] = handler.settleWhole.selector;
        actions[11] = handler.settleSplit.selector;
        actions[12] = handler.leaveOpen.selector;
        actions[13] = handler.pass.selector;
        actions[14] = handler.rotate.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), actions);
    }

    /// The escrow's tokens cover every claim, exactly so unless an open batch holds debits; ten units are one base unit.
    function invariant_tokens_cover_all_claims() public view {
        uint256 held = handler.tokensHeld() * 10;
        vm.assertGe(held, handler.claims(), "tokens cover claims");
        if (!handler.batchIsOpen()) vm.assertEq(held, handler.claims(), "nothing is left over");
        vm.assertEq(handler.tokensHeld(), handler.paidIn() - handler.paidOut());
    }

    function invariant_sold_equals_bought_and_stays_inside_the_registers() public view {
        uint256 sold;
        uint256 bought;
        for (uint256 i = 0; i < handler.homeCount(); ++i) {
            vm.assertLe(handler.soldWh(i), handler.advanced(i), "sold inside the register");
            vm.assertLe(handler.boughtWh(i), handler.advanced(i), "bought inside the register");
            sold += handler.soldWh(i);
            bought += handler.boughtWh(i);
        }
        vm.assertEq(sold, bought);
    }

    function invariant_settled_intervals_stay_settled() public view {
        vm.assertFalse(handler.wentBack());
    }

    function invariant_everybody_can_leave_within_the_delay() public {
        uint256 now_ = vm.snapshotState();
        vm.assertTrue(handler.everybodyLeaves(), "everybody got out");
        vm.revertToState(now_);
    }

    /// The handler reaches the deep states: batches in one and two parts with trades in them, while keys change.
    function test_the_handler_trades() public {
        for (uint256 i = 0; i < 60; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            handler.pass(seed);
            if (i % 3 == 0) handler.rotate(seed >> 16, uint32(seed >> 32));
            if (i % 2 == 0) handler.settleWhole(seed);
            else handler.settleSplit(seed);
        }
        vm.assertGe(handler.trades(), 20, "trades");
        vm.assertEq(handler.rotations(), 20, "rotations");
        vm.assertGe(handler.splitBatches(), 10, "batches in two parts");
    }
}
