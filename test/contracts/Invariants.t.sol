// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Vm} from "./Vm.sol";
import {Handler} from "./Handler.sol";

/// What holds at every moment, whatever anyone has done before in either of two areas.
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

    /// What ends trading is rarer than what goes on with it, or little would be traded.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[35] memory actions = [
            handler.pass.selector,
            handler.pass.selector,
            handler.pass.selector,
            handler.pass.selector,
            handler.pass.selector,
            handler.settleWhole.selector,
            handler.settleWhole.selector,
            handler.settleWhole.selector,
            handler.settleWhole.selector,
            handler.settleWhole.selector,
            handler.settleWhole.selector,
            handler.settleSplit.selector,
            handler.settleSplit.selector,
            handler.settleSplit.selector,
            handler.leaveOpen.selector,
            handler.abandon.selector,
            handler.deposit.selector,
            handler.deposit.selector,
            handler.deposit.selector,
            handler.request.selector,
            handler.movePurse.selector,
            handler.claim.selector,
            handler.withdrawGrid.selector,
            handler.change.selector,
            handler.close.selector,
            handler.move.selector,
            handler.move.selector,
            handler.confirm.selector,
            handler.confirm.selector,
            handler.confirm.selector,
            handler.confirm.selector,
            handler.revoke.selector,
            handler.rotate.selector,
            handler.offer.selector,
            handler.accept.selector
        ];
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), new bytes4[](actions.length));
        for (uint256 i = 0; i < actions.length; ++i) {
            targets[0].selectors[i] = actions[i];
        }
    }

    /// The escrow's tokens cover every claim, exactly so unless an open batch holds debits; as much energy is sold as bought,
    /// inside the registers, no interval twice and no meter in two seats at once.
    function invariant_money_and_energy_add_up() public view {
        uint256 held = handler.held();
        vm.assertGe(held, handler.claims(), "tokens cover claims");
        if (!handler.batchIsOpen()) vm.assertEq(held, handler.claims(), "nothing is left over");
        vm.assertEq(held, (handler.paidIn() - handler.paidOut()) * 10, "what came in and did not go out");
        uint256 sold;
        uint256 bought;
        uint256[8] memory advanced = handler.advanced();
        for (uint256 i = 0; i < advanced.length; ++i) {
            vm.assertLe(handler.soldWh(i), advanced[i], "sold inside the register");
            vm.assertLe(handler.boughtWh(i), advanced[i], "bought inside the register");
            sold += handler.soldWh(i);
            bought += handler.boughtWh(i);
        }
        vm.assertEq(sold, bought, "sold and bought");
        vm.assertFalse(handler.wentBack());
        vm.assertFalse(handler.tradedTwice());
    }

    function invariant_everybody_can_leave_within_the_delay() public {
        uint256 now_ = vm.snapshotState();
        vm.assertTrue(handler.everybodyLeaves(), "everybody got out");
        vm.revertToState(now_);
    }

    /// Moves alone prove little. The deep run has eight of these, so a thousand sales are among its calls.
    function afterInvariant() public view {
        if (keccak256(bytes(vm.envOr("FOUNDRY_PROFILE", "default"))) != keccak256("deep")) return;
        vm.assertGe(handler.trades(), 125, "sales");
        vm.assertGe(handler.watchedTrades(), 10, "sales in the area that is watched");
        vm.assertGe(handler.tradesAfterMoves(), 10, "sales of meters that have moved");
    }

    /// The handler reaches the deep states: batches of both areas in one and two parts with trades in them, while keys, meters,
    /// purses and offices change.
    function test_the_handler_trades() public {
        for (uint256 i = 0; i < 100; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            handler.pass(seed);
            if (i % 5 == 0) handler.rotate(seed >> 16, uint32(seed >> 32));
            if (i % 5 == 1) handler.move(seed >> 16, false, uint32(seed >> 32));
            if (i % 5 == 2) handler.movePurse(seed >> 16, seed >> 32, uint128(seed >> 64));
            if (i % 20 == 3) handler.offer(seed >> 16, uint160(seed >> 64));
            if (i % 5 == 4) handler.accept(seed >> 16);
            handler.claim(seed >> 24);
            if (i % 2 == 0) handler.settleWhole(seed >> 3);
            else handler.settleSplit(seed >> 3);
        }
        vm.assertGe(handler.trades(), 100, "trades");
        vm.assertGe(handler.watchedTrades(), 10, "trades in the watched area");
        vm.assertGe(handler.tradesAfterMoves(), 50, "trades after moves");
        vm.assertGe(handler.moves(), 10, "moves");
        vm.assertGe(handler.successions(), 3, "successions");
        vm.assertGe(handler.rotations(), 20, "rotations");
        vm.assertGe(handler.splitBatches(), 10, "batches in two parts");
    }
}
