// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {ICommon} from "../../../contracts/src/ICommon.sol";
import {Withdrawal} from "../../../contracts/src/IPurses.sol";
import {ISettlement} from "../../../contracts/src/ISettlement.sol";

/// The chain splits, and one half changes its id while the escrow runs.
contract ChainIdChangeTest is Street {
    Home internal home;
    uint32 internal constant END = START + DAY;

    function setUp() public override {
        super.setUp();
        home = _ready(1, 10_000_000);
    }

    function test_signatures_stay_with_the_half_that_kept_the_id() public {
        Withdrawal memory withdrawal = Withdrawal(home.account, home.seat, 70, address(7), 0, NO_DEADLINE);
        bytes memory signature = _sign(home.accountKey, hashes.hash(withdrawal));
        vm.warp(END);
        bytes memory entry = _entry(home, END, Trade(0, 0, 0, 0, 0, 0, 0));
        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.account));
        escrow.requestWithdrawal(withdrawal, signature);
        _expectSettleRevert(
            _batch(START, END), entry, abi.encodeWithSelector(ISettlement.BadReadingSignature.selector, home.seat)
        );
        // New signatures for the new id are good.
        escrow.requestWithdrawal(withdrawal, _sign(home.accountKey, hashes.hash(withdrawal)));
        vm.chainId(chain);
        _settle(_batch(START, END), entry);
    }
}
