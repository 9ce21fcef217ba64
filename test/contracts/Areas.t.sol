// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "./Street.sol";
import {IEscrow} from "../../contracts/src/IEscrow.sol";
import {ICommon} from "../../contracts/src/ICommon.sol";
import {AreaRules, HandoverView, IAreas} from "../../contracts/src/IAreas.sol";
import {Mandate} from "../../contracts/src/ISeats.sol";
import {LocalEuro} from "../../contracts/src/LocalEuro.sol";
import {WideToken} from "./Tokens.sol";

/// Areas: what can be opened, and how the two offices pass on.
contract AreasTest is Street {
    address internal next = address(0x0e7);
    uint32 internal constant SILENCE = 30 days;

    function setUp() public override {
        super.setUp();
        vm.warp(START + 10);
    }

    /// Settles a day without entries, so that the area is not idle.
    function _settleDay() private {
        vm.warp(START + DAY + 10);
        _settle(_batch(START, START + DAY), "");
    }

    // --- opening ---

    function test_an_area_opens_once_by_its_grid_operator() public {
        AreaRules memory other = _numbered(_rules(2));
        vm.expectRevert(abi.encodeWithSelector(ICommon.NotGrid.selector, address(this)));
        escrow.openArea(other, _nobody(), operator);
        vm.startPrank(grid);
        vm.expectRevert(abi.encodeWithSelector(IAreas.AreaExists.selector, area));
        escrow.openArea(rules, _nobody(), operator);
        bytes32 hash = hashes.hash(other);
        vm.expectEmit();
        emit IAreas.AreaOpened(other.area, hash, other, operator, _nobody());
        escrow.openArea(other, _nobody(), operator);
        vm.stopPrank();
        vm.assertEq(escrow.rulesHash(other.area), hash);
        vm.assertEq(escrow.gridOf(other.area), grid);
        vm.assertEq(escrow.operatorOf(other.area), operator);
    }

    function _refuse(AreaRules memory bad, bytes memory reason) private {
        bad = _numbered(bad);
        vm.prank(grid);
        vm.expectRevert(reason);
        escrow.openArea(bad, _nobody(), operator);
    }

    function test_refuses_rules_that_cannot_work() public {
        AreaRules memory bad = _rules(2);
        bad.token = address(1);
        _refuse(bad, abi.encodeWithSelector(IAreas.WrongToken.selector, address(1)));
        for (uint256 i = 0; i < 10; ++i) {
            bad = _rules(2);
            if (i == 0) bad.intervalSeconds = 0;
            if (i == 1) bad.batchSeconds = 0;
            if (i == 2) bad.batchSeconds = 901;
            if (i == 3) bad.batchSeconds = DELAY - 900;
            if (i == 3) bad.watcherGraceSeconds = 900;
            if (i == 4) bad.settlingGrade = 2;
            if (i == 5) bad.confirmation = 3;
            if (i == 6) bad.allocation = 3;
            if (i == 7) (bad.intervalSeconds, bad.batchSeconds) = (15, 15 * 4096);
            if (i == 8) (bad.batchSeconds, bad.watcherGraceSeconds) = (type(uint32).max / 900 * 900, type(uint32).max);
            // Billing meters settle, and not everybody must show that it has one.
            if (i == 9) (bad.settlingGrade, bad.confirmation) = (1, 1);
            _refuse(bad, abi.encodeWithSelector(IAreas.BadRules.selector));
        }
        uint32[3] memory ticks = [uint32(0), 300, 1500];
        for (uint256 i = 0; i < 3; ++i) {
            bad = _rules(2);
            bad.priceTick = ticks[i];
            _refuse(bad, abi.encodeWithSelector(IAreas.UnitNotRepresentable.selector, ticks[i], 6));
        }
    }

    function test_the_highest_grade_and_allocation_are_rules() public {
        AreaRules memory highest = _rules(9);
        (highest.settlingGrade, highest.allocation) = (1, 2);
        highest = _openArea(highest);
        vm.assertEq(escrow.rulesHash(highest.area), hashes.hash(highest));
    }

    /// 4,095 intervals are what an entry's lag can count back: a month of quarter-hours, 31 days of 96, is 2,976.
    function test_the_longest_batch_of_an_area() public {
        AreaRules memory long = _rules(2);
        (long.intervalSeconds, long.batchSeconds) = (15, 15 * 4095);
        _openArea(long);
        long = _rules(3);
        (long.batchSeconds, long.watcherGraceSeconds) = (DELAY - 900, 899);
        _openArea(long);
    }

    function test_refuses_a_ledger_unit_too_large_for_the_scale() public {
        WideToken wide = new WideToken();
        wide.setDecimals(46);
        escrow = _deploy(address(wide), DELAY);
        _refuse(_rules(1), abi.encodeWithSelector(IAreas.UnitNotRepresentable.selector, 100, 46));
        AreaRules memory largest = _rules(2);
        largest.priceTick = 10;
        _openArea(largest);
    }

    function test_refuses_a_delay_that_no_clock_reaches() public {
        vm.expectRevert();
        this.deploy(365 days + 1);
        vm.assertEq(this.deploy(365 days).withdrawalDelaySeconds(), 365 days);
    }

    function deploy(uint32 delay) external returns (IEscrow) {
        return _deploy(address(token), delay);
    }

    // --- the operator ---

    function test_an_operator_is_offered_accepts_and_acts_after_the_delay() public {
        vm.expectRevert(abi.encodeWithSelector(ICommon.NotGrid.selector, address(this)));
        escrow.offerOperator(area, next);
        vm.expectRevert(abi.encodeWithSelector(ICommon.AreaUnknown.selector, 9));
        escrow.offerOperator(9, next);
        _settleDay();
        uint32 from = uint32(block.timestamp) + DELAY;
        vm.prank(grid);
        vm.expectEmit();
        emit IAreas.OperatorOffered(area, next);
        escrow.offerOperator(area, next);
        HandoverView memory offer = escrow.operatorOffer(area);
        vm.assertEq(offer.to, next);
        vm.assertEq(offer.from, from);
        vm.warp(from - 1);
        _settle(_batch(START + DAY, START + 2 * DAY), "");
        vm.prank(next);
        vm.expectRevert(abi.encodeWithSelector(ICommon.TooEarly.selector, from));
        escrow.acceptOperator(area);
        vm.warp(from);
        vm.expectRevert(abi.encodeWithSelector(IAreas.NotOffered.selector, address(this)));
        escrow.acceptOperator(area);
        vm.prank(next);
        vm.expectEmit();
        emit IAreas.OperatorAppointed(area, next);
        escrow.acceptOperator(area);
        vm.assertEq(escrow.operatorOf(area), next);
        vm.assertEq(escrow.operatorOffer(area).to, address(0));
        _expectSettleRevert(
            _batch(START + 2 * DAY, START + 3 * DAY), "", abi.encodeWithSelector(ICommon.NotOperator.selector, operator)
        );
        vm.prank(next);
        vm.expectRevert(abi.encodeWithSelector(IAreas.NotOffered.selector, next));
        escrow.acceptOperator(area);
    }

    function test_an_area_that_stands_still_need_not_wait() public {
        _settleDay();
        vm.prank(grid);
        escrow.offerOperator(area, next);
        // Three batch periods since the last settled interval: nobody's trades are in anybody's hands.
        uint32 idleFrom = START + 4 * DAY;
        vm.warp(idleFrom - 1);
        vm.prank(next);
        vm.expectRevert(abi.encodeWithSelector(ICommon.TooEarly.selector, START + DAY + 10 + DELAY));
        escrow.acceptOperator(area);
        vm.warp(idleFrom);
        vm.prank(next);
        escrow.acceptOperator(area);
        vm.assertEq(escrow.operatorOf(area), next);
    }

    function test_an_offer_is_replaced_or_taken_back() public {
        _settleDay();
        vm.startPrank(grid);
        escrow.offerOperator(area, next);
        escrow.offerOperator(area, address(8));
        vm.warp(block.timestamp + DELAY);
        vm.stopPrank();
        vm.prank(next);
        vm.expectRevert(abi.encodeWithSelector(IAreas.NotOffered.selector, next));
        escrow.acceptOperator(area);
        vm.prank(grid);
        escrow.offerOperator(area, address(0));
        vm.assertEq(escrow.operatorOffer(area).from, 0);
        vm.prank(address(8));
        vm.expectRevert(abi.encodeWithSelector(IAreas.NotOffered.selector, address(8)));
        escrow.acceptOperator(area);
    }

    function test_an_operator_is_dismissed_at_once() public {
        _settleDay();
        vm.expectRevert(abi.encodeWithSelector(ICommon.NotGrid.selector, address(this)));
        escrow.dismissOperator(area);
        vm.startPrank(grid);
        escrow.offerOperator(area, next);
        vm.expectEmit();
        emit IAreas.OperatorAppointed(area, address(0));
        escrow.dismissOperator(area);
        vm.stopPrank();
        vm.assertEq(escrow.operatorOffer(area).to, address(0));
        vm.warp(START + 2 * DAY);
        _expectSettleRevert(
            _batch(START + DAY, START + 2 * DAY), "", abi.encodeWithSelector(ICommon.NotOperator.selector, operator)
        );
    }

    // --- the grid operator ---

    function test_the_grid_operators_office_is_offered_and_accepted_after_the_delay() public {
        vm.expectRevert(abi.encodeWithSelector(ICommon.NotGrid.selector, address(this)));
        escrow.offerGrid(area, next);
        vm.prank(grid);
        vm.expectEmit();
        emit IAreas.GridOffered(area, next);
        escrow.offerGrid(area, next);
        uint32 from = uint32(block.timestamp) + DELAY;
        vm.assertEq(escrow.gridOffer(area).from, from);
        vm.warp(from - 1);
        vm.prank(next);
        vm.expectRevert(abi.encodeWithSelector(ICommon.TooEarly.selector, from));
        escrow.acceptGrid(area);
        // The one who offered is still in office, and may do what it likes without losing the offer.
        vm.prank(grid);
        escrow.showPresence(area);
        vm.warp(from);
        vm.expectRevert(abi.encodeWithSelector(IAreas.NotOffered.selector, address(this)));
        escrow.acceptGrid(area);
        vm.prank(next);
        vm.expectEmit();
        emit IAreas.GridSucceeded(area, next);
        escrow.acceptGrid(area);
        vm.assertEq(escrow.gridOf(area), next);
        vm.assertEq(escrow.gridOffer(area).to, address(0));
        vm.prank(grid);
        vm.expectRevert(abi.encodeWithSelector(ICommon.NotGrid.selector, grid));
        escrow.showPresence(area);
        vm.prank(next);
        escrow.showPresence(area);
    }

    /// An area whose rules name a successor; the grid operator was last seen when it opened it.
    function _openWithSuccessor() private returns (uint32 number) {
        AreaRules memory cautious = _rules(2);
        cautious.successor = next;
        number = _openArea(cautious).area;
        vm.assertEq(escrow.successionFrom(number), block.timestamp + SILENCE);
    }

    function test_a_successor_takes_over_after_30_days_of_silence_and_the_delay() public {
        uint32 number = _openWithSuccessor();
        uint32 silentFrom = uint32(block.timestamp) + SILENCE;
        vm.expectRevert(abi.encodeWithSelector(IAreas.NotSuccessor.selector, address(this)));
        escrow.claimSuccession(number);
        vm.startPrank(next);
        vm.warp(silentFrom - 1);
        vm.expectRevert(abi.encodeWithSelector(ICommon.TooEarly.selector, silentFrom));
        escrow.claimSuccession(number);
        vm.warp(silentFrom);
        vm.expectEmit();
        emit IAreas.SuccessionClaimed(number, next);
        escrow.claimSuccession(number);
        vm.warp(silentFrom + DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(ICommon.TooEarly.selector, silentFrom + DELAY));
        escrow.acceptGrid(number);
        vm.warp(silentFrom + DELAY);
        escrow.acceptGrid(number);
        vm.assertEq(escrow.gridOf(number), next);
        // It was seen just now.
        vm.assertEq(escrow.successionFrom(number), silentFrom + DELAY + SILENCE);
        vm.stopPrank();
    }

    /// The rules name one successor for good: it may follow whoever comes after it, as it followed the first one.
    function test_a_successor_may_follow_again() public {
        uint32 number = _openWithSuccessor();
        address third = address(0x3d);
        vm.warp(block.timestamp + SILENCE);
        vm.startPrank(next);
        escrow.claimSuccession(number);
        vm.warp(block.timestamp + DELAY);
        escrow.acceptGrid(number);
        vm.expectRevert(abi.encodeWithSelector(IAreas.NotOffered.selector, next));
        escrow.acceptGrid(number);
        escrow.offerGrid(number, third);
        vm.stopPrank();
        vm.warp(block.timestamp + DELAY);
        vm.prank(third);
        escrow.acceptGrid(number);
        vm.startPrank(next);
        vm.expectRevert(abi.encodeWithSelector(ICommon.NotGrid.selector, next));
        escrow.showPresence(number);
        vm.expectRevert(abi.encodeWithSelector(ICommon.TooEarly.selector, block.timestamp + SILENCE));
        escrow.claimSuccession(number);
        vm.warp(block.timestamp + SILENCE);
        escrow.claimSuccession(number);
        vm.stopPrank();
        // An offer to somebody else is a sign of life, and takes the claim's place.
        vm.prank(third);
        escrow.offerGrid(number, grid);
        vm.warp(block.timestamp + DELAY);
        vm.prank(next);
        vm.expectRevert(abi.encodeWithSelector(IAreas.NotOffered.selector, next));
        escrow.acceptGrid(number);
        vm.prank(grid);
        escrow.acceptGrid(number);
        vm.assertEq(escrow.gridOf(number), grid);
    }

    function test_a_sign_of_life_ends_a_claim() public {
        uint32 number = _openWithSuccessor();
        vm.warp(block.timestamp + SILENCE);
        vm.prank(next);
        escrow.claimSuccession(number);
        vm.prank(grid);
        vm.expectEmit();
        emit IAreas.GridSeen(number);
        escrow.showPresence(number);
        uint32 silentFrom = uint32(block.timestamp) + SILENCE;
        vm.warp(block.timestamp + DELAY);
        vm.startPrank(next);
        vm.expectRevert(abi.encodeWithSelector(ICommon.TooEarly.selector, silentFrom));
        escrow.acceptGrid(number);
        vm.expectRevert(abi.encodeWithSelector(ICommon.TooEarly.selector, silentFrom));
        escrow.claimSuccession(number);
        vm.stopPrank();
    }

    function test_every_act_of_the_grid_operator_is_a_sign_of_life() public {
        for (uint256 i = 0; i < 4; ++i) {
            uint256 before = vm.snapshotState();
            AreaRules memory cautious = _rules(2);
            cautious.successor = next;
            cautious = _openArea(cautious);
            Home memory home = _home(1);
            Mandate memory mandate = _mandate(home);
            mandate.rules = hashes.hash(cautious);
            home.seat = _open(home, mandate, START, _epoch(home));
            vm.warp(block.timestamp + DAY);
            if (i == 0) _confirm(home, 1, 0);
            if (i == 1) _revoke(home, 0);
            vm.startPrank(grid);
            if (i == 2) escrow.offerOperator(cautious.area, next);
            if (i == 3) escrow.offerGrid(cautious.area, next);
            vm.stopPrank();
            vm.assertEq(escrow.successionFrom(cautious.area), block.timestamp + SILENCE);
            vm.revertToState(before);
        }
    }

    function test_an_area_without_a_successor_has_none() public {
        vm.assertEq(escrow.successionFrom(area), 0);
        vm.warp(START + 100 * DAY);
        vm.prank(next);
        vm.expectRevert(abi.encodeWithSelector(IAreas.NotSuccessor.selector, next));
        escrow.claimSuccession(area);
    }

    // --- the domain, and the development token ---

    function test_says_what_is_signed_for() public view {
        (bytes1 fields, string memory name, string memory version, uint256 chainId, address contract_,,) =
            escrow.eip712Domain();
        vm.assertEq(uint8(fields), 0x0f);
        bytes32 separator = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chainId,
                contract_
            )
        );
        vm.assertEq(separator, _separator());
    }

    function test_only_the_deployer_mints_the_development_token() public {
        vm.prank(grid);
        vm.expectRevert(abi.encodeWithSelector(LocalEuro.NotMinter.selector, grid));
        token.mint(grid, 1);
    }
}
